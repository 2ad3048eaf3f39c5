"""The ways to the program of a service: found on this machine, unpacked Debian package, Maven's jars, built by Go.

Rule: what a registry gives goes into the cache, never into the system, so that nothing starts by itself, needs root or
has to be removed.
"""

import shutil
import subprocess
from pathlib import Path

from connectors.services.cache import kept
from connectors.services.obtain import Means, NotHad, Program, Way, find_program, find_tool, run_to_end


def on_this_machine(*names: str, version: str = "") -> Way:
    """A program by name; with `version`, only one that says it when asked `version`."""

    def find(means: Means) -> Program:
        program = find_program(*names)
        if program is None:
            raise NotHad(f"no {names[0]} on this machine")
        if version:
            said = subprocess.run((program, "version"), capture_output=True, text=True, check=False).stdout.strip()
            if version not in said:
                raise NotHad(f"{program} calls itself {said!r}, not {version.strip()}")
        return Program((program,))

    return find


def debian_package(package: str, binary: str) -> Way:
    """The package and the libraries it lacks, unpacked into the cache."""

    def unpack(means: Means) -> Program:
        if not find_program("apt-get"):
            raise NotHad("no Debian: no apt-get")

        def make(folder: Path) -> None:
            means.say(f"downloading Debian's {package}")
            archives = folder / "archives"
            (archives / "partial").mkdir(parents=True)
            _download(package, archives, means)
            for archive in sorted(archives.glob("*.deb")):
                means.say(f"unpacking {archive.name.partition('_')[0]}")
                run_to_end(("dpkg-deb", "-x", str(archive), str(folder)), means.say)
            for needless in (archives, folder / "usr/share"):
                shutil.rmtree(needless, ignore_errors=True)
            if not (folder / binary).exists():
                raise NotHad(f"Debian's {package} has no {binary}")

        entry = kept(means.cache, f"debian-{package}", make)
        libraries = sorted({str(path.parent) for path in entry.rglob("*.so.*")})
        return Program((str(entry / binary),), {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})

    return unpack


def _download(package: str, archives: Path, means: Means) -> None:
    """By the machine's own lists of packages; where they are missing or old, by fresh ones in the cache."""
    options = ["Debug::NoLocking=1", "APT::Sandbox::User=root", f"Dir::Cache::archives={archives}/"]
    options += ["Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache="]
    get = ("install", "-y", "--no-install-recommends", "--reinstall", "--download-only", package)
    try:
        run_to_end(_apt(options, get), means.say)
    except NotHad:
        lists = means.cache / "debian-lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        options.append(f"Dir::State::lists={lists}/")
        run_to_end(_apt(options, ("update",)), means.say)
        run_to_end(_apt(options, get), means.say)


def _apt(options: list[str], arguments: tuple[str, ...]) -> tuple[str, ...]:
    return ("apt-get", *(word for option in options for word in ("-o", option)), *arguments)


def maven_jars(key: str, pom: str, java_options: tuple[str, ...]) -> Way:
    """Everything that `pom` needs at run time on one class path; the program is `java` with it."""

    def gather(means: Means) -> Program:
        java = find_tool("java", means.say)

        def make(folder: Path) -> None:
            means.say("gathering its jars by Maven")
            (folder / "pom.xml").write_text(pom)
            words = ("-B", "-C", "-DincludeScope=runtime", "-DoutputDirectory=lib", "dependency:copy-dependencies")
            run_to_end((find_tool("mvn", means.say), *words), means.say, folder)

        return Program((java, *java_options, "-cp", f"{kept(means.cache, key, make)}/lib/*"))

    return gather


def go_build(key: str, module: str, version: str) -> Way:
    """One command of a Go module, without a C compiler; modules and half-built parts are thrown away after it."""

    def build(means: Means) -> Program:
        binary = module.rpartition("/")[2]

        def make(folder: Path) -> None:
            means.say(f"building {binary} {version} by Go, a minute or two the first time")
            work = folder / "go"
            places = {"GOPATH": str(work), "GOCACHE": str(work / "built"), "GOBIN": str(folder)}
            flags = {"CGO_ENABLED": "0", "GOFLAGS": "-modcacherw -buildvcs=false"}
            link = ("-ldflags", f"-s -w -X main.version={version}")
            install = (find_tool("go", means.say), "install", "-v", *link, f"{module}@v{version}")
            run_to_end(install, means.say, folder, {**places, **flags})
            shutil.rmtree(work)

        return Program((str(kept(means.cache, key, make) / binary),))

    return build
