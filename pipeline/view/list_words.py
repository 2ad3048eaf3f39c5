"""What `explain` says of the legal words of a configuration, in English and Vietnamese; `words.py` takes it in."""

Both = tuple[str, str]

LIST_WORDS: dict[str, Both] = {
    "lists": ("legal words", "các từ được dùng"),
    "code": ("code", "mã"),
    "counts_as": ("counts as", "tính vào"),
    "in_execute": ("in state execute counts as", "khi đang chạy tính vào"),
    "states": (
        "states: what a metric with the role state may say, or its codes mean.",
        "trạng thái: điều một số đo vai trò state được gửi, hoặc mã của nó nghĩa là gì.",
    ),
    "modes": (
        "modes: what a metric with the role mode may say, or its codes mean.",
        "chế độ: điều một số đo vai trò mode được gửi, hoặc mã của nó nghĩa là gì.",
    ),
    "roles": ("roles: what a metric means, its key role.", "vai trò: ý nghĩa của số đo, khóa role."),
    "packs": ("packs: what lines of a trade share, the key pack.", "gói: điều chung của một ngành, khóa pack."),
    "windows": ("windows: lengths of a line's results, the key windows.", "khung giờ: độ dài kết quả, khóa windows."),
    "families": (
        "families: kinds of topics and payloads, the keys families and family.",
        "họ: loại chủ đề và nội dung MQTT, các khóa families và family.",
    ),
    "units": (
        "units: how durations and sizes are written, and what meters count in.",
        "đơn vị: cách ghi thời lượng, dung lượng, và đơn vị đồng hồ phải đếm.",
    ),
    "qualities": ("qualities: codes of a sample's quality.", "chất lượng: mã chất lượng của một mẫu."),
    "environment": (
        "environment: where secrets are read from, never from a file of the configuration.",
        "môi trường: nơi đọc bí mật, không bao giờ ghi trong tệp cấu hình.",
    ),
    "revision": (
        "revision: why a result was published again, and what its number says.",
        "revision: vì sao kết quả được công bố lại, và con số đó nghĩa là gì.",
    ),
    "states_more": (
        "Upper case, blanks and hyphens do not matter; any other word is unclassified: map it in codes, as in",
        "Không phân biệt hoa thường, dấu cách hay gạch nối; từ khác là không rõ: khai báo trong codes, như",
    ),
}

ROLES: dict[str, Both] = {
    "state": ("what the unit does now; see states", "máy đang làm gì; xem states"),
    "mode": ("what it is run for; see modes", "máy chạy để làm gì; xem modes"),
    "good_count": ("counter of good parts", "bộ đếm sản phẩm đạt"),
    "reject_count": ("counter of scrap", "bộ đếm phế phẩm"),
    "rework_count": ("counter of parts to rework", "bộ đếm sản phẩm làm lại"),
    "product": ("name of what is made", "tên sản phẩm đang làm"),
    "order": ("name of the order in work", "tên đơn hàng đang làm"),
    "power": ("power now; powers of a line add up", "công suất tức thời; cộng lại theo dây chuyền"),
    "energy": ("meter of energy, in kWh", "công tơ điện, tính bằng kWh"),
    "water": ("meter of water, in m³", "đồng hồ nước, tính bằng m³"),
    "temperature": ("a temperature", "nhiệt độ"),
    "other": ("anything else: statistics and scores", "mọi thứ khác: thống kê và điểm bất thường"),
}

MODES: dict[str, Both] = {
    "production": ("production", "sản xuất"),
    "maintenance": ("maintenance", "bảo trì"),
    "manual": ("by hand", "chạy tay"),
    "undefined": ("unknown: read as production", "không rõ: coi là sản xuất"),
    "start_up": ("start of production", "khởi động sản xuất"),
    "run_down": ("end of production", "kết thúc sản xuất"),
    "clean": ("cleaning", "vệ sinh"),
    "changeover": ("change of product", "đổi sản phẩm"),
    "break": ("break", "nghỉ"),
    "setup": ("set-up", "chỉnh máy"),
}

WINDOWS: dict[str, Both] = {
    "1s": ("metrics alone", "chỉ cho số đo"),
    "10s": ("metrics, elements, KPIs, anomalies", "số đo, thành phần, KPI, bất thường"),
    "1m": ("metrics, elements, KPIs", "số đo, thành phần, KPI"),
    "15m": ("metrics, elements, KPIs", "số đo, thành phần, KPI"),
    "shift": ("elements and KPIs of each shift of the calendar", "thành phần và KPI của từng ca trong lịch"),
}

FAMILIES: dict[str, Both] = {
    "own": ("parkpulse/v1/data/<path>..., JSON", "parkpulse/v1/data/<đường dẫn>..., JSON"),
    "umh": ("umh/v1/<path>/_<contract>..., JSON", "umh/v1/<đường dẫn>/_<contract>..., JSON"),
    "telegraf": ("JSON of Telegraf, on topics in [[brokers.topics]]", "JSON của Telegraf, chủ đề ở [[brokers.topics]]"),
    "influx": ("influx line protocol, on topics in [[brokers.topics]]",
               "influx line protocol, chủ đề ở [[brokers.topics]]"),
}  # fmt: skip

UNITS: dict[str, Both] = {
    "ms": ("millisecond", "mili giây"),
    "s": ("second", "giây"),
    "m": ("minute", "phút"),
    "h": ("hour", "giờ"),
    "d": ("day", "ngày"),
    "B": ("byte", "byte"),
    "KiB": ("1024 bytes", "1024 byte"),
    "MiB": ("1024 KiB", "1024 KiB"),
    "GiB": ("1024 MiB", "1024 MiB"),
    "kWh": ("meters with the role energy", "công tơ có vai trò energy"),
    "m³": ("meters with the role water", "đồng hồ có vai trò water"),
}

QUALITIES_VI = (
    "tốt", "không chắc chắn", "cũ", "đang hiệu chuẩn", "bão hòa", "ngoài khoảng đo", "nhập tay", "mô phỏng",
    "lỗi truyền thông", "lỗi cảm biến", "ngừng sử dụng",
)  # fmt: skip

ENVIRONMENT: dict[str, Both] = {
    "PARKPULSE_<NAME>": (
        'the password itself; park.toml names the variable: password_env = "PARKPULSE_<NAME>"',
        'chính mật khẩu; park.toml ghi tên biến: password_env = "PARKPULSE_<NAME>"',
    ),
    "PARKPULSE_<NAME>_FILE": (
        "or the path of a file that holds it, where the variable itself is not set",
        "hoặc đường dẫn tệp chứa mật khẩu, khi không đặt biến trên",
    ),
}

REVISION: tuple[Both, ...] = (
    (
        "0: the first that was published of this window. More: it was published again, because its content had changed;"
        " the number is the place in the log of the record that changed it, so the highest is the newest, and the one"
        " that the store keeps.",
        "0: bản công bố đầu tiên của khung giờ này. Lớn hơn: được công bố lại vì nội dung đã đổi; con số là vị trí"
        " trong nhật ký của bản ghi làm nó đổi, nên số lớn nhất là mới nhất, và kho giữ bản đó.",
    ),
    (
        "Why: a window is published when the clock of its line has passed its end. Samples of a source that was behind"
        " its line (cut off, slow, or replayed into a line that has newer samples) complete it later. So a row may have"
        " a revision though its samples came once: a replay into a running line raises it.",
        "Lý do: khung giờ được công bố khi đồng hồ của dây chuyền đã qua điểm cuối. Mẫu của một nguồn chậm hơn dây"
        " chuyền (mất kết nối, gửi chậm, hoặc phát lại vào dây chuyền đã có mẫu mới hơn) bổ sung sau. Vì vậy một dòng"
        " có thể có revision dù mẫu chỉ đến một lần: phát lại vào dây chuyền đang chạy làm nó tăng.",
    ),
    (
        "In the ledger: the hour has gone on counting since it was published first.",
        "Trong sổ đếm mẫu: giờ đó còn đếm tiếp sau lần công bố đầu.",
    ),
)
