"""What `parkpulse doctor` says: its own words in both languages, and the phrases of findings in Vietnamese.

Rule: a row is a phrase as the code makes it, with the same `{0}`, `{1}`, ...; a test names the one that is missing.
"""

FINDING_WORDS: dict[str, tuple[str, str]] = {
    "finding_ok": ("ok", "ok"),
    "finding_bad": ("WRONG", "LỖI"),
    "hours": ("h", "giờ"),
    "minutes": ("min", "phút"),
    "looking_at": ("looking at {0}", "đang xem {0}"),
    "all_right": ("all right: {0} looks", "đều ổn: đã xem {0} mục"),
    "some_wrong": ("wrong: {0} of {1}", "có lỗi: {0} trên {1} mục"),
}  # fmt: skip

FINDINGS_VI: dict[str, str] = {
    # any look
    "no answer within {0}": "không trả lời trong {0}",
    "see whether it hangs or has too much to do, and look again": "xem nó có bị treo hay quá tải không, rồi xem lại",
    "correct it in park.toml": "sửa trong park.toml",
    "mend it and look again": "sửa rồi xem lại",
    "the look itself failed: {0}": "không xem được: {0}",
    "report this": "hãy báo cho người làm phần mềm",
    "its clock and this machine's are {0} apart": "đồng hồ của nó và của máy này lệch nhau {0}",
    "this machine's clock is {0} behind its": "đồng hồ máy này chậm hơn nó {0}",
    "this machine's clock is {0} ahead of its": "đồng hồ máy này nhanh hơn nó {0}",
    "set both by one NTP server; max_clock_skew allows {0}":
        "chỉnh cả hai theo một máy chủ NTP; max_clock_skew cho phép {0}",
    # the folder
    "{0} MB free": "còn trống {0} MB",
    "make room: at least {0} MB, or choose another data_dir": "giải phóng chỗ: ít nhất {0} MB, hoặc chọn data_dir khác",
    "{0} is a file, not a folder": "{0} là tệp, không phải thư mục",
    "choose another data_dir": "chọn data_dir khác",
    "user {0} may not read and write {1}": "người dùng {0} không được đọc và ghi {1}",
    "give it to this user (chown -R {0} {1}), or run as its owner":
        "giao nó cho người dùng này (chown -R {0} {1}), hoặc chạy bằng chủ của nó",
    "is made at the first start": "sẽ được tạo khi chạy lần đầu",
    "may be read and written": "đọc và ghi được",
    "opens": "mở được",
    # the spool
    "was damaged, or no spool, and is put aside": "bị hỏng, hoặc không phải hàng chờ, nên đã để riêng ra",
    "see what can be saved of it (sqlite3 {0} .recover), then move it away":
        "xem cứu được gì trong đó (sqlite3 {0} .recover), rồi chuyển đi chỗ khác",
    "is no spool, or damaged": "không phải hàng chờ, hoặc bị hỏng",
    "nothing to do: the gateway puts it aside when it starts":
        "không cần làm gì: gateway sẽ để riêng nó ra khi khởi động",
    "nothing waits in it": "không có gì chờ trong đó",
    "{0} of {1} lines wait in it, the oldest for {2}": "{0} của {1} dây chuyền đang chờ trong đó, cũ nhất đã {2}",
    "no gateway has this name: run one as {0} until it is empty":
        "không gateway nào tên này: hãy chạy một gateway tên {0} đến khi nó trống",
    # MQTT
    "gateway and notifier need a broker; there is none": "gateway và notifier cần máy chủ MQTT; chưa có máy chủ nào",
    "give one in park.toml": "ghi một máy chủ trong park.toml",
    "start the broker, or correct [[brokers]] in park.toml": "chạy máy chủ MQTT, hoặc sửa [[brokers]] trong park.toml",
    "refuses the connection: {0}": "từ chối kết nối: {0}",
    "correct username and password_env in [[brokers]], or let this user in":
        "sửa username và password_env trong [[brokers]], hoặc cho người dùng này vào",
    "no answer to CONNECT as MQTT {0}": "không trả lời CONNECT theo MQTT {0}",
    "see that the broker is up, and correct `protocol` and mqtt:// or mqtts://":
        "xem máy chủ có đang chạy không, và sửa `protocol`, mqtt:// hoặc mqtts://",
    "lets us in, as MQTT {0}": "cho vào, theo MQTT {0}",
    "takes messages of at most {0} bytes; gateway.max_payload is {1}":
        "chỉ nhận tin tối đa {0} byte; gateway.max_payload là {1}",
    "raise the broker's max_packet_size, or lower gateway.max_payload":
        "tăng max_packet_size của máy chủ, hoặc giảm gateway.max_payload",
    "refuses to let us read {0}": "không cho đọc {0}",
    "let this user read it (acl_file)": "cho người dùng này đọc (acl_file)",
    "gives {0} with QoS 0 alone: messages can be lost": "chỉ đưa {0} với QoS 0: có thể mất tin",
    "allow QoS 1 there (max_qos)": "cho phép QoS 1 (max_qos)",
    "no answer to SUBSCRIBE": "không trả lời SUBSCRIBE",
    "lets us read {0}": "cho đọc {0}",
    "has dropped {0} messages since its start: its queues were full":
        "đã bỏ {0} tin từ khi khởi động: hàng đợi bị đầy",
    "raise max_queued_messages and max_queued_bytes in mosquitto.conf, or set 0":
        "tăng max_queued_messages và max_queued_bytes trong mosquitto.conf, hoặc đặt 0",
    "whether its queues drop messages cannot be seen: it tells no $SYS":
        "không thấy được hàng đợi có bỏ tin không: máy chủ không cho biết $SYS",
    "has dropped no message; its max_queued_messages cannot be seen from here":
        "chưa bỏ tin nào; từ đây không thấy được max_queued_messages của nó",
    # the log
    "lives in memory, gone at exit": "nằm trong bộ nhớ, mất khi thoát",
    "the package {0} is missing": "thiếu gói {0}",
    "run {0}": "hãy chạy {0}",
    "{0} topics are there": "đủ {0} chủ đề",
    "is missing": "chưa có",
    "run `parkpulse topics ensure`": "hãy chạy `parkpulse topics ensure`",
    "it has {0} partitions; log.partitions is {1}": "có {0} phân vùng; log.partitions là {1}",
    "set log.partitions to {0}, or take another data_dir": "đặt log.partitions là {0}, hoặc chọn data_dir khác",
    "set log.partitions to {0}, or take another log.prefix: a change means new topics":
        "đặt log.partitions là {0}, hoặc chọn log.prefix khác: đổi số phân vùng là tạo chủ đề mới",
    "Kafka answers, brokers: {0}": "Kafka trả lời, số máy chủ: {0}",
    "see that Kafka runs, and correct [log] in park.toml": "xem Kafka có đang chạy không, và sửa [log] trong park.toml",
    "is kept for {0}; needed are {1}": "được giữ {0}; cần {1}",
    "is kept for ever": "được giữ mãi",
    "is compacted": "được nén theo khóa",
    "records carry the log's own time (LogAppendTime)": "bản ghi mang giờ của nhật ký (LogAppendTime)",
    "{0} is {1}; needed are {2} or more": "{0} là {1}; cần {2} trở lên",
    "{0} is {1}; needed is {2}": "{0} là {1}; cần {2}",
    "its clock cannot be seen: no record came while we looked":
        "không thấy được đồng hồ của nó: không có bản ghi nào đến trong lúc xem",
    "{0} records were dropped before they were read": "{0} bản ghi bị xóa trước khi được đọc",
    "set the group's offsets anew, and look why the role was away so long":
        "đặt lại vị trí đọc của nhóm, và xem vì sao vai trò này vắng lâu như vậy",
    "it stands {0} records behind the end of the topic, which was made anew":
        "vị trí đọc vượt cuối chủ đề {0} bản ghi; chủ đề đã được tạo lại",
    "set the group's offsets anew": "đặt lại vị trí đọc của nhóm",
    "{0} records wait, {1} of them for more than {2}": "{0} bản ghi đang chờ, trong đó {1} chờ hơn {2}",
    "see that the role runs, and what its log says; start more where one is slow":
        "xem vai trò có đang chạy không và nhật ký của nó nói gì; chạy thêm nếu một tiến trình không kịp",
    "{0} records wait, none for more than {1}": "{0} bản ghi đang chờ, không cái nào quá {1}",
    # the store
    "see that InfluxDB runs, and correct [store] in park.toml":
        "xem InfluxDB có đang chạy không, và sửa [store] trong park.toml",
    "may be read: {0}": "đọc được: {0}",
    "may be written: {0}": "ghi được: {0}",
    "see the log of InfluxDB": "hãy xem nhật ký của InfluxDB",
    "no retention policy {0} in {1}": "không có chính sách lưu giữ {0} trong {1}",
    "create it, or correct store.retention_policy": "hãy tạo nó, hoặc sửa store.retention_policy",
    "points are kept for ever": "các điểm được giữ mãi",
    "points are kept for {0}; needed are {1}": "các điểm được giữ {0}; cần {1}",
}  # fmt: skip
