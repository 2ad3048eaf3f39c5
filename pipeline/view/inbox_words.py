"""What the inbox says, in English and Vietnamese; the catalogue `words.py` takes it in."""

INBOX_WORDS: dict[str, tuple[str, str]] = {
    "reading": ("reading the log", "đang đọc nhật ký"),
    "inbox_empty": (
        "nothing undeclared came in what was appended between {0} and {1}",
        "không có số đo nào chưa khai báo trong dữ liệu ghi từ {0} đến {1}",
    ),
    "inbox_seen": (
        "{0}; seen in what was appended between {1} and {2}", "{0}; thấy trong dữ liệu ghi từ {1} đến {2}",
    ),
    "new_file": ("new file", "tệp mới"),
    "at_end": ("paste at the end", "dán vào cuối tệp"),
    "after_row": ("paste after row {0}, below unit {1}", "dán sau dòng {0}, dưới máy {1}"),
    "by_hand": (
        "its units stand in one value: put these metrics of unit {0} in there by hand",
        "các máy viết gộp trong một giá trị: tự thêm các số đo của máy {0} vào đó",
    ),
    "codes_by_hand": (
        "{0} of unit {1} has codes already: put these rows in their place by hand, or the new ones among them",
        "{0} của máy {1} đã có codes: tự ghi các dòng này thay vào đó, hoặc thêm dòng mới vào bảng có sẵn",
    ),
    "codes_suggested": ("a suggestion; other names: {0}", "gợi ý; tên khác: {0}"),
    "codes_unknown": (
        "take the # away and name one of: {0}", "bỏ dấu # và ghi một tên trong: {0}",
    ),
    "unknown_state": ("means nothing known", "không rõ nghĩa"),
    "text_for_number": ("text, needs numbers", "chữ, cần số"),
    "text_for_number_cure": (
        'numbers are needed, got text "{0}", which is rejected; send numbers without quotes: 61.5',
        'cần số, nhận được chữ "{0}", bị loại; hãy gửi số không có dấu nháy: 61.5',
    ),
    "texts_sent_one": ("metric that sends text where numbers are needed", "số đo gửi chữ ở chỗ cần số"),
    "texts_sent": ("metrics that send text where numbers are needed", "số đo gửi chữ ở chỗ cần số"),
    "undeclared_one": ("undeclared metric", "số đo chưa khai báo"),
    "undeclared": ("undeclared metrics", "số đo chưa khai báo"),
    "strange_one": ("metric with states that nobody knows", "số đo có trạng thái không rõ nghĩa"),
    "strange": ("metrics with states that nobody knows", "số đo có trạng thái không rõ nghĩa"),
    "no_unit": (
        "a metric of the line itself: only metrics of units can be declared; it has statistics and scores",
        "số đo của chính dây chuyền: chỉ khai báo được số đo của máy; vẫn có thống kê và điểm bất thường",
    ),
    "no_name": ("its name cannot be declared: {0}", "tên không khai báo được: {0}"),
    "no_levels": (
        "its path has {0} levels, park.toml declares {1} for a line",
        "đường dẫn có {0} cấp, park.toml khai báo {1} cấp cho dây chuyền",
    ),
    "suggestion": ("a suggestion", "gợi ý"),
    "uncomment": ("a suggestion; take the # away if it is so", "gợi ý; nếu đúng thì bỏ dấu #"),
    "uncomment_state": (
        "a suggestion; take the # away if it is so: one state a unit, and with several units name pace_unit above",
        "gợi ý; nếu đúng thì bỏ dấu #: mỗi máy một trạng thái, nhiều máy thì ghi pace_unit ở trên",
    ),
    "quoted": (
        'numbers as text, got "{0}": no statistics, no score; send {1} without quotes, unless they are names or codes',
        'số gửi dưới dạng chữ, nhận được "{0}": không có thống kê, không có điểm bất thường; hãy gửi {1} không có dấu '
        "nháy, trừ khi đó là tên hoặc mã",
    ),
    "number": ("number", "số"),
    "counter": ("counter, never falls", "bộ đếm, không giảm"),
    "bool": ("0 or 1", "0 hoặc 1"),
    "text": ("text", "chữ"),
    "a_second": ("a second", "mỗi giây"),
    "kwh": ("must count kWh", "phải đếm kWh"),
    "m3": ("must count m³", "phải đếm m³"),
}  # fmt: skip
