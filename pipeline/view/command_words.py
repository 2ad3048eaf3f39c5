"""What `check`, `simulate` and `replay` say, in English and Vietnamese; the catalogue `words.py` takes it in."""

COMMAND_WORDS: dict[str, tuple[str, str]] = {
    "check_ok": ("ok: {0}, {1}, {2}", "ok: {0}, {1}, {2}"),
    "machines_one": ("unit", "máy"),
    "machines": ("units", "máy"),
    "samples_sent": ("{0} s, {1} samples sent", "{0} s, đã gửi {1} mẫu"),
    "sent_again": (
        "{0} messages went out again after a lost connection: as many more duplicates",
        "{0} tin đã gửi lại sau khi mất kết nối: thêm bấy nhiêu mẫu trùng",
    ),
    "not_read": (
        "{0}: the gateway of this configuration does not read it: {1}",
        "{0}: cổng nhận của cấu hình này không đọc được: {1}",
    ),
    "sending_line": ("{0}: {1}, by {2}", "{0}: {1}, bằng {2}"),
    "replay_part": (
        "{0}: {1} rows, {2} columns; {3} is sent as {4}, shift {5} ms",
        "{0}: {1} dòng, {2} cột; {3} được gửi thành {4}, dời {5} ms",
    ),
    "replay_end": (
        "{0} rows, {1} samples in {2} s; shift {3} ms", "{0} dòng, {1} mẫu trong {2} s; dời {3} ms",
    ),
}  # fmt: skip
