"""What `check`, `simulate`, `replay` and `reprocess` say, in two languages; the catalogue `words.py` takes it in."""

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
    "reprocess_same": (
        "nothing changes: {0} results are what is stored",
        "không có gì thay đổi: {0} kết quả như đã lưu",
    ),
    "reprocess_shown": ("shown are the first {0} of {1} figures", "chỉ hiện {0} con số đầu trong {1}"),
    "reprocess_end": (
        "{0} figures in {1} windows differ: {2} changed, {3} new, {4} only in the store, which stay",
        "{0} con số trong {1} khung giờ khác nhau: {2} thay đổi, {3} mới, {4} chỉ có trong kho, được giữ nguyên",
    ),
    "reprocess_written": (
        "{0} results are corrected in the store and in results.v1; no alert was sent",
        "đã sửa {0} kết quả trong kho và trong results.v1; không gửi cảnh báo nào",
    ),
    "reprocess_into": (
        "{0} results and {1} transitions are in {2}; the store of the configuration is as it was; no alert was sent",
        "{0} kết quả và {1} lần chuyển cảnh báo nằm trong {2}; kho của cấu hình vẫn như cũ; không gửi cảnh báo nào",
    ),
    "figure": ("figure", "con số"),
    "before": ("before", "trước"),
    "after": ("after", "sau"),
}  # fmt: skip
