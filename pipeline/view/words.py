"""The catalogue: every word that people read, in English and Vietnamese; here those of the screen and of plain lines.

Rule: one row an idea, both languages side by side; names of states, time elements and KPIs are written once.

>>> Words("vi")["stored"], Words("en").state("execute"), Words("vi").state("lạ")
('đã lưu', 'running', 'lạ')
>>> Words("vi").whole(2869), Words("vi").decimal(2.15, 1), Words("en").whole(2869), Words("en").percent(None)
('2.869', '2,1', '2,869', '-')
"""

from pipeline.view.command_words import COMMAND_WORDS
from pipeline.view.explain_words import ELEMENTS, EXPLAIN_WORDS
from pipeline.view.finding_words import FINDING_WORDS
from pipeline.view.inbox_words import INBOX_WORDS
from pipeline.view.key_words import KEYS_VI
from pipeline.view.list_words import LIST_WORDS

LANGUAGES = ("en", "vi")
Both = tuple[str, str]

SCREEN_WORDS: dict[str, Both] = {
    "title": ("ParkPulse", "ParkPulse"),
    "demo": ("ParkPulse demo", "ParkPulse chạy thử"),
    "line": ("Line", "Dây chuyền"),
    "lines_one": ("line", "dây chuyền"),
    "lines": ("lines", "dây chuyền"),
    "state": ("State", "Trạng thái"),
    "since": ("since", "từ lúc"),
    "lasting": ("for", "đã được"),
    "days": ("d", "ngày"),
    "oee": ("OEE, last minute", "OEE phút vừa qua"),
    "oee_wide": ("OEE 1 min", "OEE 1 phút"),
    "availability": ("availability", "sẵn sàng"),
    "effectiveness": ("effectiveness", "hiệu suất"),
    "quality_ratio": ("quality", "chất lượng"),
    "parts": ("parts/min", "sản phẩm/phút"),
    "parts_short": ("parts/min", "SP/phút"),
    "samples": ("samples/s", "mẫu/s"),
    "lag": ("lag", "chậm"),
    "clock_lag": ("clock lag", "đồng hồ chậm"),
    "latency": ("latency", "độ trễ"),
    "no_samples": ("no sample yet", "chưa có mẫu"),
    "no_data": ("no data since", "ngừng gửi từ"),
    "not_understood": (
        'unknown state "{0}": not counted as running',
        'không hiểu trạng thái "{0}": không tính là đang chạy',
    ),
    "map_state": (
        "add to the line's file: {0} {1} (names: parkpulse explain states; parkpulse inbox prints it)",
        "ghi thêm vào tệp dây chuyền: {0} {1} (tên: parkpulse explain states; parkpulse inbox in sẵn)",
    ),
    "map_code": (
        "its table of codes lacks it: parkpulse inbox prints what to write",
        "bảng mã không có mã này: parkpulse inbox in sẵn dòng cần ghi",
    ),
    "more_unknown": ("more unknown states", "trạng thái không hiểu nữa"),
    "measuring": ("measuring", "đang đo"),
    "waiting_for": ("first figures within 20 s", "chờ số liệu đầu tiên, tối đa 20 s"),
    "total": ("total", "tổng"),
    "more_metrics": ("more", "số đo khác"),
    "more_lines_one": ("more line; those in trouble come first", "dây chuyền nữa; nơi có sự cố xếp trước"),
    "more_lines": ("more lines; those in trouble come first", "dây chuyền nữa; nơi có sự cố xếp trước"),
    "more_alarms": ("more open alarms", "cảnh báo nữa đang mở"),
    "alarms_one": ("alarm", "cảnh báo"),
    "alarms": ("alarms", "cảnh báo"),
    "open_alarms": ("Open alarms", "Cảnh báo đang mở"),
    "no_alarms": ("No open alarms", "Không có cảnh báo nào đang mở"),
    "none": ("none", "không"),
    "anomalies": ("Anomalies, newest first", "Bất thường, mới nhất trước"),
    "no_anomalies": ("No anomalies", "Không thấy bất thường"),
    "unusual": ("unusual", "hơi bất thường"),
    "very_unusual": ("very unusual", "rất bất thường"),
    "score": ("score", "điểm"),
    "still": ("ongoing", "vẫn còn"),
    "until": ("until", "đến"),
    "ledger": ("ledger", "sổ đếm mẫu"),
    "ledger_hour": ("Samples this hour", "Số mẫu giờ này"),
    "sent": ("sent", "đã gửi"),
    "received": ("received", "đã nhận"),
    "stored": ("stored", "đã lưu"),
    "corrected": ("corrected", "đã sửa"),
    "duplicate": ("duplicate", "trùng"),
    "conflict": ("contradicting", "mâu thuẫn"),
    "expired": ("too late", "quá muộn"),
    "rejected": ("rejected", "bị loại"),
    "waiting": ("waiting", "đang chờ"),
    "gap": ("missing", "thiếu"),
    "undated": ("undated", "không ghi giờ"),
    "whole": ("every sample accounted for", "mọi mẫu đều được tính đủ"),
    "failed": ("FAILED: samples are missing or still wait", "LỖI: có mẫu bị thiếu hoặc còn đang chờ"),
    "rival": ("another gateway has this name", "trùng tên với gateway khác"),
    "name_it": ("give each its own [gateway] name", "đặt cho mỗi gateway một [gateway] name riêng"),
    "no_broker": ("no connection to the MQTT broker", "mất kết nối với máy chủ MQTT"),
    "tries_again": ("trying again by itself", "đang tự kết nối lại"),
    "disk_full": ("nothing can be written: the disk is full", "không ghi được: ổ đĩa đã đầy"),
    "make_room": (
        "make room and writing goes on by itself; samples wait in the broker until then",
        "hãy dọn bớt ổ đĩa, việc ghi sẽ tự tiếp tục; trong lúc đó mẫu chờ ở máy chủ MQTT",
    ),
    "disk_fails": ("nothing can be written: the disk refuses", "không ghi được: ổ đĩa từ chối"),
    "mend_disk": (
        "see whether the file is there, may be written and its disk is healthy; writing goes on by itself",
        "hãy xem tệp còn đó không, có quyền ghi không, ổ đĩa có hỏng không; việc ghi sẽ tự tiếp tục",
    ),
    "clock_off": (
        "this machine's clock is wrong, the log's time is used",
        "đồng hồ máy này sai, đang dùng giờ của nhật ký",
    ),
    "set_clock": ("set the clock", "hãy chỉnh lại đồng hồ"),
    "log_away": ("Kafka is away", "Kafka vắng"),
    "is_spooled": (
        "what comes is kept on this machine's disk and follows by itself",
        "những gì đến được giữ trên đĩa máy này và sẽ tự gửi tiếp",
    ),
    "spool_full": ("Kafka is away, and the spool is full", "Kafka vắng, và hàng chờ trên đĩa đã đầy"),
    "see_log": (
        "samples wait in the broker; see why Kafka is away",
        "mẫu chờ ở máy chủ MQTT; hãy xem vì sao Kafka vắng",
    ),
    "spooled": ("spool: {0} of {1}, oldest {2}", "hàng chờ trên đĩa: {0} của {1}, cũ nhất {2}"),
    "unreadable": ("the log cannot be read now", "hiện không đọc được nhật ký"),
    "log_lines": ("lines of the log; shown when the screen ends", "dòng nhật ký; hiện khi đóng màn hình"),
    "watch": ("watch the alerts", "theo dõi cảnh báo"),
    "query": ("look at results", "xem kết quả"),
    "data": ("data", "dữ liệu"),
    "broker": ("MQTT broker", "máy chủ MQTT"),
    "instruments": ("metrics", "số đo vận hành"),
    "stop": ("Ctrl-C ends", "Ctrl-C để dừng"),
    "took_up": (
        "the last run was cut off; what it had left is stored now",
        "lần chạy trước bị ngắt ngang; dữ liệu còn lại nay đã được lưu",
    ),
    "end": ("end of run", "kết thúc"),
    "rows": ("rows", "dòng"),
    "left_out": ("not shown on so narrow a screen", "màn hình hẹp nên không hiện"),
    "nothing": ("nothing matches; there is data of", "không có gì khớp; hiện có dữ liệu của"),
    "none_of_it": ("none stored yet; there is data of", "chưa lưu kết quả nào loại này; hiện có dữ liệu của"),
    "nothing_called": ("nothing is called", "không có gì tên là"),
    "there_is": ("there is", "hiện có"),
    "no_window": ("no windows of", "không có cửa sổ dài"),
    "nothing_then": ("nothing in this time; there is data", "không có gì trong khoảng này; hiện có dữ liệu"),
    "between": ("between", "trong khoảng"),
    "and": ("and", "đến"),
    "other_lines_one": ("more line", "dây chuyền khác"),
    "other_lines": ("more lines", "dây chuyền khác"),
    "nothing_stored": ("nothing stored yet", "chưa lưu gì"),
    "no_records": ("no records there", "chưa có bản ghi nào"),
}

TABLES = (SCREEN_WORDS, INBOX_WORDS, EXPLAIN_WORDS, LIST_WORDS, COMMAND_WORDS, FINDING_WORDS)
WORDS: dict[str, Both] = {name: both for table in TABLES for name, both in table.items()}

STATES: dict[str, Both] = {
    "execute": ("running", "đang chạy"),
    "idle": ("idle", "chờ lệnh"),
    "starting": ("starting", "đang khởi động"),
    "completing": ("completing", "sắp xong"),
    "complete": ("complete", "đã xong"),
    "resetting": ("resetting", "đang đặt lại"),
    "holding": ("holding", "sắp tạm dừng"),
    "held": ("held", "tạm dừng"),
    "unholding": ("unholding", "đang chạy lại"),
    "suspending": ("suspending", "bắt đầu chờ"),
    "suspended": ("suspended", "chờ khâu khác"),
    "unsuspending": ("unsuspending", "hết chờ"),
    "stopping": ("stopping", "đang dừng lại"),
    "stopped": ("stopped", "đã dừng"),
    "aborting": ("aborting", "đang dừng khẩn"),
    "aborted": ("aborted", "đã dừng khẩn"),
    "clearing": ("clearing", "đang xóa lỗi"),
    "undefined": ("unknown", "không rõ"),
}


class Words:
    """The catalogue in one language, and numbers as that language writes them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._column = LANGUAGES.index(language)

    def __getitem__(self, name: str) -> str:
        return WORDS[name][self._column]

    def said(self, name: str, *values: object) -> str:
        """A sentence of the catalogue with these values in it."""
        return self[name].format(*values)

    def counted(self, n: int, name: str) -> str:
        """
        >>> Words("en").counted(1, "lines"), Words("en").counted(2_000, "lines"), Words("vi").counted(1, "lines")
        ('1 line', '2,000 lines', '1 dây chuyền')
        """
        one = f"{name}_one"
        return f"{self.whole(n)} {self[one if n == 1 and one in WORDS else name]}"

    def state(self, name: str) -> str:
        """A state that PackML does not know is shown as the machine says it."""
        return STATES[name][self._column] if name in STATES else name

    def element(self, name: str) -> str:
        return ELEMENTS[name][self._column]

    def both(self, english_vietnamese: Both) -> str:
        """A row of a table that is no part of this one."""
        return english_vietnamese[self._column]

    def known(self, name: str) -> str:
        """What is no word of the catalogue, a unit of measure or a name, is shown as it is."""
        return self[name] if name in WORDS else name

    def of(self, english: str, vietnamese: str) -> str:
        """Of a text that others wrote in both languages the one to show, the other where it is missing."""
        return (english or vietnamese, vietnamese or english)[self._column]

    def key(self, english: str) -> str:
        """A sentence of the configuration's models."""
        return self.of(english, KEYS_VI.get(english, ""))

    def number(self, value: float, form: str = "g") -> str:
        return self.written(format(value, form))

    def whole(self, number: float) -> str:
        return self.written(f"{number:,.0f}")

    def decimal(self, number: float, digits: int) -> str:
        return self.written(f"{number:,.{digits}f}")

    def percent(self, ratio: float | None) -> str:
        return "-" if ratio is None else f"{self.whole(ratio * 100)} %"

    def value(self, number: float) -> str:
        """A reading of a machine: three or four digits that count."""
        size = abs(number)
        return self.decimal(number, 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3)

    def written(self, text: str) -> str:
        """A number that is written in English already."""
        return text if self.language == "en" else text.translate(_VIETNAMESE)


_VIETNAMESE = str.maketrans(",.", ".,")
