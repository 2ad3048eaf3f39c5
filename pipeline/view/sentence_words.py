"""Sentences that other parts make in English, and what they are in Vietnamese: trouble, and lines of the log.

Rule: a row is one clause as the code makes it, `{}` for what changes in it; longer clauses stand before those in them.
"""

SENTENCES: tuple[tuple[str, str], ...] = (
    # trouble of MQTT
    ("MQTT broker: not connected", "máy chủ MQTT: chưa kết nối được"),
    ("trying again", "đang thử lại"),
    ("alerts wait and are sent later", "cảnh báo được giữ lại, gửi sau"),
    ("no answer yet", "chưa có trả lời"),
    ("no answer to CONNECT as MQTT {}; the broker may be starting, or `protocol` is wrong",
     "CONNECT theo MQTT {} không được trả lời; máy chủ có thể đang khởi động, hoặc `protocol` sai"),
    ("no answer to CONNECT; the broker may be starting again",
     "CONNECT không được trả lời; máy chủ có thể đang khởi động lại"),
    ("can't connect: ", "không kết nối được: "),
    ("broker refused the connection: ", "máy chủ từ chối kết nối: "),
    ("broker refused to subscribe to ", "máy chủ từ chối cho nhận "),
    ("broker refused a publication", "máy chủ từ chối một tin gửi đi"),
    ("a message could not be taken in: ", "không nhận được một tin: "),
    ("network thread ended: ", "luồng mạng đã ngừng: "),
    ("connection lost", "mất kết nối"),
    ("no acknowledgement in time", "không được xác nhận kịp thời"),
    ("MQTT sink: ", "gửi MQTT: "),
    # the system
    ("the disk is full; make room, nothing is lost and writing goes on by itself",
     "ổ đĩa đã đầy; hãy giải phóng chỗ, không mất gì và sẽ tự ghi tiếp"),
    ("the disk failed to read or write; look at its room, its quota and its health",
     "ổ đĩa không đọc hoặc ghi được; kiểm tra dung lượng, hạn mức và tình trạng ổ"),
    ("cannot be written; give this user the right to write in the folder, or choose another folder",
     "không ghi được; cấp quyền ghi thư mục cho người dùng này, hoặc chọn thư mục khác"),
    ("cannot be opened; see that the folder exists and that this user may write in it",
     "không mở được; kiểm tra thư mục có tồn tại và người dùng này có quyền ghi"),
    ("locked by another process for more than {} s; see which one works on it",
     "bị tiến trình khác khóa hơn {} s; xem tiến trình nào đang dùng"),
    ("locked by another connection of this process", "bị một kết nối khác của tiến trình này khóa"),
    ("the file is damaged; restore it from a copy, or move it away",
     "tệp bị hỏng; khôi phục từ bản sao, hoặc chuyển đi chỗ khác"),
    ("the file is no database; move it away", "tệp không phải cơ sở dữ liệu; chuyển đi chỗ khác"),
    ("the file is gone; put it back", "tệp đã mất; đặt lại tệp"),
    ("the topic's files are gone; put them back, or start in an empty folder",
     "các tệp của chủ đề đã mất; đặt lại, hoặc bắt đầu trong thư mục trống"),
    ("log: {} is held by {}; wait for its end or stop it", "nhật ký: {} đang do {} giữ; chờ kết thúc hoặc dừng lại"),
    ("the disk is full", "ổ đĩa đã đầy"),
    ("the disk quota is used up", "đã dùng hết hạn mức đĩa"),
    ("the disk failed to read or write", "ổ đĩa không đọc hoặc ghi được"),
    ("the disk is read-only", "ổ đĩa chỉ cho đọc"),
    ("permission denied", "không có quyền"),
    ("no such file or folder", "không có tệp hay thư mục này"),
    ("a folder, not a file", "là thư mục, không phải tệp"),
    ("a file, not a folder", "là tệp, không phải thư mục"),
    ("too many open files", "mở quá nhiều tệp"),
    ("the address is in use by another program", "địa chỉ đang do chương trình khác dùng"),
    ("no address of this machine", "không phải địa chỉ của máy này"),
    ("nobody listens there", "không có ai nghe ở đó"),
    ("the other side broke the connection", "phía bên kia đã ngắt kết nối"),
    ("no answer in time", "không trả lời kịp thời"),
    ("the host cannot be reached", "không tới được máy đó"),
    ("the network cannot be reached", "không tới được mạng đó"),
    ("no such host", "không có máy tên này"),
    ("mend it and start again", "sửa rồi chạy lại"),
    # clocks
    ("clock: this machine's is off; got {} s behind the log's time; expected at most {} s (max_clock_skew); set it; "
     "the log's time is stamped meanwhile",
     "đồng hồ máy này sai: chậm {} s so với giờ nhật ký; cho phép tối đa {} s (max_clock_skew); hãy chỉnh lại; "
     "tạm thời ghi theo giờ nhật ký"),
    ("clock: this machine's is off; got {} s ahead of the log's time; expected at most {} s (max_clock_skew); set it; "
     "the log's time is stamped meanwhile",
     "đồng hồ máy này sai: nhanh {} s so với giờ nhật ký; cho phép tối đa {} s (max_clock_skew); hãy chỉnh lại; "
     "tạm thời ghi theo giờ nhật ký"),
    # commands
    ("no log yet at {}; start with parkpulse run", "chưa có nhật ký ở {}; bắt đầu bằng parkpulse run"),
    ("no results yet; run the pipeline with this configuration first",
     "chưa có kết quả; hãy chạy parkpulse run với cấu hình này trước"),
    ("a log in memory is seen by its own process alone; use 'sqlite'",
     "nhật ký trong bộ nhớ chỉ tiến trình của nó thấy; dùng 'sqlite'"),
    ("broker: did not start on {}", "máy chủ MQTT: không khởi động được ở {}"),
    ("gateway: {} messages are not in the log after {} s", "cổng nhận: {} tin chưa vào nhật ký sau {} s"),
    ("demo: ends before all is stored; {}; the next run in this folder takes up what is left",
     "chạy thử: kết thúc khi chưa lưu hết; {}; lần chạy sau trong thư mục này sẽ xử lý tiếp"),
    ("demo: results are not all in the store after {} s", "chạy thử: sau {} s kết quả chưa vào kho đủ"),
    # Kafka and other services
    ("a record larger than the topic's max.message.bytes; raise it",
     "bản ghi lớn hơn max.message.bytes của chủ đề; hãy tăng giá trị này"),
    ("no connection: ", "không kết nối được: "),
    ("not acknowledged after {} s; the records wait", "sau {} s chưa được xác nhận; các bản ghi đang chờ"),
    ("refused: {}; grant it by an ACL of Kafka", "bị từ chối: {}; hãy cấp quyền bằng ACL của Kafka"),
    ("closed while this waited", "đã đóng trong lúc chờ"),
    ("group {} of topic {} is held by another instance; this one stands by",
     "nhóm {} của chủ đề {} đang do tiến trình khác giữ; tiến trình này chờ thay"),
    ("topic {} is missing and may not be made here; run `parkpulse topics ensure`",
     "thiếu chủ đề {} và ở đây không được tạo; hãy chạy `parkpulse topics ensure`"),
    ("topic {}: its settings cannot be read: ", "không đọc được thiết lập của chủ đề {}: "),
    ("does not serve after {} s: ", "sau {} s chưa phục vụ: "),
    ("{} was refused; got ", "{} bị từ chối; nhận được "),
    ("busy; got {}; it goes on by itself", "đang bận; nhận được {}; việc ghi sẽ tự tiếp tục"),
    ("; see the log of InfluxDB", "; hãy xem nhật ký của InfluxDB"),
    ("no {} there; ", "ở đó không có {}; "),
    ("InfluxDB: no address; set {}", "InfluxDB: chưa có địa chỉ; hãy đặt {}"),
    ("its database was not made: ", "chưa tạo được cơ sở dữ liệu: "),
    ("no answer while its database was made: ", "không có trả lời khi đang tạo cơ sở dữ liệu: "),
    ("no InfluxDB answers there: ", "ở đó không có InfluxDB nào trả lời: "),
    ("no TLS: ", "không dùng được TLS: "),
    ("no free port on {} from {} to {}; stop what uses them",
     "không còn cổng trống trên {} từ {} đến {}; hãy dừng chương trình đang dùng"),
    # lines of the log
    ("reads the log from its beginning", "đọc nhật ký lại từ đầu"),
    ("forgets what it has told", "quên những gì đã báo"),
    ("takes in no more lines that no file declares", "không nhận thêm dây chuyền chưa khai báo"),
    ("snapshot was written by another version of this program", "bản lưu trạng thái là của phiên bản khác"),
    ("snapshot cannot be read", "không đọc được bản lưu trạng thái"),
)  # fmt: skip

EVENTS: dict[str, str] = {
    "started": "đã bắt đầu", "stopped": "đã dừng", "waiting": "đang chờ", "goes on": "chạy tiếp", "failed": "bị lỗi",
}  # fmt: skip
"""Whole events of the log; as words inside a sentence they would mean other things."""

KEYS: dict[str, str] = {
    "what": "việc", "after_s": "sau_s", "because": "vì", "from_offset": "từ_vị_trí", "lines": "dây_chuyền",
}  # fmt: skip
