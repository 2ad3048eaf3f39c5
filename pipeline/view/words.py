"""Words of the screen in English and Vietnamese, one catalogue."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "availability": "availability", "effectiveness": "effectiveness", "quality": "quality", "parts": "parts/min",
        "alarms": "alarms", "none": "none", "samples": "samples/s", "latency": "latency", "ledger": "ledger",
        "stored": "stored", "duplicate": "duplicate", "expired": "too late", "rejected": "rejected", "open": "open",
        "waiting_for": "first figures after 10 s", "watch": "watch the alerts", "begin": "ParkPulse demo",
        "query": "look at results", "end": "end of run", "whole": "every sample accounted for",
        "failed": "FAILED: samples are missing or still wait", "gap": "missing",
        "data": "data", "broker": "MQTT broker",
    },
    "vi": {
        "availability": "sẵn sàng", "effectiveness": "hiệu suất", "quality": "chất lượng", "parts": "sản phẩm/phút",
        "alarms": "cảnh báo", "none": "không", "samples": "mẫu/s", "latency": "độ trễ", "ledger": "sổ mẫu",
        "stored": "đã lưu", "duplicate": "trùng", "expired": "quá muộn", "rejected": "bị loại", "open": "đang chờ",
        "waiting_for": "số liệu đầu tiên sau 10 s", "watch": "theo dõi cảnh báo", "begin": "ParkPulse chạy thử",
        "query": "xem kết quả", "end": "kết thúc", "whole": "mọi mẫu đều được tính",
        "failed": "LỖI: có mẫu bị thiếu hoặc còn đang chờ", "gap": "thiếu",
        "data": "dữ liệu", "broker": "máy chủ MQTT",
    },
}  # fmt: skip

STATES_VI: dict[str, str] = {
    "execute": "đang chạy", "held": "dừng do máy", "holding": "đang dừng", "unholding": "đang chạy lại",
    "suspended": "chờ", "suspending": "đang vào chờ", "unsuspending": "đang hết chờ", "idle": "rảnh",
    "stopped": "đã dừng", "stopping": "đang dừng máy", "aborted": "dừng khẩn", "aborting": "đang dừng khẩn",
    "starting": "khởi động", "resetting": "đặt lại", "clearing": "đang xóa lỗi", "completing": "sắp xong",
    "complete": "xong", "undefined": "không rõ",
}  # fmt: skip
