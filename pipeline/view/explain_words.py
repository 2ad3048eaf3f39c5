"""What `explain` says in English and Vietnamese; the catalogue `words.py` takes it in."""

from collections.abc import Mapping

EXPLAIN_WORDS: dict[str, tuple[str, str]] = {
    "files": ("configuration", "cấu hình"),
    "rules": ("alarm rules", "quy tắc cảnh báo"),
    "kpis": ("KPIs", "KPI"),
    "hint": ("parkpulse explain KIND shows one of them", "parkpulse explain KIND để xem từng mục"),
    "kpi": ("kpi", "kpi"),
    "name": ("name", "tên"),
    "formula": ("formula", "công thức"),
    "elements": ("elements", "thành phần"),
    "unit": ("unit", "đơn vị"),
    "range": ("range", "khoảng"),
    "better": ("better", "tốt hơn"),
    "source": ("source", "nguồn"),
    "version": ("version", "phiên bản"),
    "where": ("where", "trong đó"),
    "example": ("example", "ví dụ"),
    "min": ("min", "phút"),
    "to": ("to", "đến"),
    "open": ("no limit", "không giới hạn"),
    "higher": ("higher", "càng cao càng tốt"),
    "lower": ("lower", "càng thấp càng tốt"),
    "ratio": ("ratio", "tỷ lệ"),
    "own, not of ISO 22400-2": ("own, not of ISO 22400-2", "của riêng ParkPulse, không có trong ISO 22400-2"),
}

KINDS_VI: dict[str, str] = {
    "park": "park.toml: điều chung cho mọi dây chuyền.",
    "line": "lines/TÊN.toml: một dây chuyền.",
    "pack": "Gói: điều mà các dây chuyền cùng ngành có chung.",
    "limit": "một giá trị chạm hay vượt giới hạn trên hoặc dưới trong thời gian `on_delay`.",
    "silence": "một số đo không gửi gì trong thời gian `after`.",
    "score": "một mẫu khác thường tới mức `threshold` so với chính số đo đó.",
}

ELEMENTS: dict[str, tuple[str, str]] = {
    "pbt_ms": (
        "planned busy time: all planned time of the window",
        "thời gian bận theo kế hoạch: mọi thời gian được lên kế hoạch của khung giờ",
    ),
    "apt_ms": ("actual production time: the unit executes", "thời gian sản xuất thực: máy đang chạy"),
    "aust_ms": ("actual set-up time", "thời gian chỉnh máy thực"),
    "adet_ms": ("actual delay: stops during an order", "thời gian trễ thực: dừng khi đang có đơn hàng"),
    "adot_ms": ("actual down time: planned, but no order", "thời gian dừng thực: có kế hoạch nhưng không có đơn hàng"),
    "unclassified_ms": ("planned time whose state is not known", "thời gian kế hoạch không rõ trạng thái"),
    "ideal_ms": ("ideal cycle × parts, summed", "chu kỳ lý tưởng × số sản phẩm, cộng lại"),
    "pq": ("produced quantity: good, rework and scrap", "số lượng làm ra: đạt, làm lại và phế"),
    "gq": ("good quantity", "số lượng đạt"),
    "sq": ("scrap quantity", "số lượng phế"),
    "rq": ("rework quantity", "số lượng làm lại"),
    "energy_wh": ("energy used, Wh", "điện năng đã dùng, Wh"),
    "water_l": ("water used, litres", "nước đã dùng, lít"),
}

MINUTE_MS = 60_000
EXAMPLE: Mapping[str, float] = {
    "pbt_ms": 480 * MINUTE_MS, "apt_ms": 420 * MINUTE_MS, "aust_ms": 20 * MINUTE_MS, "adet_ms": 30 * MINUTE_MS,
    "adot_ms": 10 * MINUTE_MS, "unclassified_ms": 0, "ideal_ms": 400 * MINUTE_MS, "pq": 800, "gq": 776, "sq": 24,
    "rq": 0, "energy_wh": 96_000, "water_l": 1_200,
}  # fmt: skip
"""A shift of eight hours: a part takes half a minute at best, 800 were made, 24 of them scrap."""
