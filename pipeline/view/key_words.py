"""The sentences of the configuration's tables and keys, and of the alarm rules, in Vietnamese, by the English one.

Rule: English stands in the models alone; a sentence that is not here is shown in English, and a test names it.
"""

KEYS_VI: dict[str, str] = {
    # brokers
    "Topic with captures of levels in braces, for own and umh also {metric}, and wildcards + and #. What it does not "
    "capture comes from Telegraf's tag equipment.":
        "Chủ đề với tên cấp trong ngoặc nhọn, với own và umh cả {metric}, và ký tự đại diện + và #. Cấp nào không có "
        "trong chủ đề thì lấy từ thẻ equipment của Telegraf.",
    "How payloads there are read: telegraf (its JSON), influx (line protocol), own or umh.":
        "Cách đọc nội dung ở đó: telegraf (JSON), influx (line protocol), own hoặc umh.",
    "Address of the broker; mqtts for TLS.": "Địa chỉ máy chủ MQTT; mqtts nếu dùng TLS.",
    "Version of MQTT to speak: 5 or 3.1.1.": "Phiên bản MQTT: 5 hoặc 3.1.1.",
    "Topic families to read: own, umh; telegraf: by [[brokers.topics]].":
        "Các họ chủ đề cần đọc: own, umh; telegraf: theo [[brokers.topics]].",
    "Own topic patterns beside those of the families.": "Mẫu chủ đề riêng, ngoài các họ trên.",
    "Certificates to trust (PEM file, relative to this file); empty: the system's.":
        "Chứng chỉ được tin (tệp PEM, tính từ tệp này); để trống: theo hệ thống.",
    "Our own certificate (PEM file), where the broker asks for one.": "Chứng chỉ của ta (tệp PEM), nếu máy chủ cần.",
    "The private key of cert (PEM file).": "Khóa riêng của cert (tệp PEM).",
    "User name; empty: none is sent.": "Tên người dùng; để trống: không gửi.",
    "Environment variable that holds the password; <name>_FILE may name a file instead.":
        "Biến môi trường chứa mật khẩu, tên bắt đầu bằng PARKPULSE_; hoặc <tên>_FILE chỉ tới tệp chứa nó.",
    # calendar
    "Name of the shift.": "Tên ca.",
    "First moment, HH:MM.": "Giờ bắt đầu, HH:MM.",
    "First moment after it, HH:MM.": "Giờ kết thúc, HH:MM.",
    "Breaks inside it: [begin, end] pairs.": "Giờ nghỉ trong ca: các cặp [bắt đầu, kết thúc].",
    "Days on which it begins.": "Các ngày ca bắt đầu.",
    # time
    "How late a sample may come and still be in the first result.": "Mẫu đến muộn bao lâu vẫn vào kết quả đầu tiên.",
    "After so long without a sample a source holds nobody up.": "Sau chừng đó không có mẫu, nguồn không bắt ai chờ.",
    "The longest time a slow source holds up its line.": "Nguồn chậm bắt dây chuyền chờ lâu nhất chừng này.",
    "How far ahead of our clock a sample may be dated.": "Giờ của mẫu được đi trước đồng hồ của ta tối đa.",
    "Late samples correct results so far back; older ones go to late.v1 and count as expired.":
        "Mẫu đến muộn còn sửa kết quả trong khoảng này; cũ hơn thì vào late.v1 và tính là quá muộn.",
    "Older changes of alarms are stored but not announced.": "Thay đổi cảnh báo cũ hơn thì lưu lại, không thông báo.",
    "How long a state still holds when its source has gone silent; then: unclassified.":
        "Nguồn im lặng thì trạng thái còn hiệu lực bao lâu; sau đó: không rõ trạng thái.",
    "Samples older than this at receipt are rejected.": "Mẫu cũ hơn chừng này khi nhận sẽ bị loại.",
    "How long the gateway collects samples for one record.": "Cổng nhận gom mẫu bao lâu cho một bản ghi.",
    "Metrics of one line; what comes beyond and is not declared is rejected.":
        "Số lượng số đo của một dây chuyền; phần vượt quá mà không khai báo sẽ bị loại.",
    "Samples of one source that may wait for their second to close.":
        "Số mẫu của một nguồn được chờ đến khi giây của chúng khép lại.",
    # park
    "Name of this gateway, part of its MQTT client id; empty: the host name.":
        "Tên cổng nhận, một phần của mã khách MQTT; để trống: tên máy.",
    "What waits on its disk while Kafka is away.": "Những gì chờ trên đĩa của nó khi Kafka vắng.",
    "Kafka away for so long: what comes is kept in the spool, and acknowledged.":
        "Kafka vắng lâu chừng này: những gì đến được giữ trong hàng chờ trên đĩa, và được xác nhận.",
    "So much is kept at most.": "Giữ nhiều nhất chừng này.",
    "While Kafka is away nothing older than this is kept beside what comes.":
        "Khi Kafka vắng, hàng chờ không giữ gì cũ hơn chừng này mà còn nhận thêm.",
    "A spool that is full: stop-acking (what comes waits at the broker, nothing is lost) or drop-oldest (counted, and "
    "a gap in the ledger).":
        "Khi hàng chờ đầy: stop-acking (những gì đến chờ ở máy chủ MQTT, không mất gì) hoặc drop-oldest (bỏ cái cũ "
        "nhất, có đếm, và thành phần thiếu trong sổ đếm).",
    "So much a second goes from the spool to Kafka once it is back.":
        "Khi Kafka trở lại, mỗi giây gửi từ hàng chờ sang chừng này.",
    "Larger payloads are rejected as too_large.": "Nội dung lớn hơn bị loại với mã too_large.",
    "Health, readiness and instruments of every role.": "Tình trạng, sẵn sàng và số đo vận hành của mọi vai trò.",
    "Address to listen on.": "Địa chỉ để nghe.",
    "Port to listen on; 0: a free one, printed at the start.": "Cổng để nghe; 0: cổng trống bất kỳ, in ra lúc bắt đầu.",
    "Where the log lives: sqlite (files in data_dir), kafka, or memory (gone at exit).":
        "Nơi đặt nhật ký: sqlite (tệp trong data_dir), kafka, hoặc memory (mất khi thoát).",
    "Kafka: some of its brokers, HOST:PORT.": "Kafka: vài máy chủ của nó, MÁY:CỔNG.",
    "Partitions of the topics whose key is a line; 0: one, of Kafka 12.":
        "Số phân vùng của các chủ đề có khóa là dây chuyền; 0: một, với Kafka là 12.",
    "Kafka: begins the names of all topics and groups, where several parks share a cluster.":
        "Kafka: đứng đầu tên mọi chủ đề và nhóm, khi nhiều khu dùng chung một cụm.",
    "How Kafka lets us in.": "Cách Kafka cho ta vào.",
    "Speak TLS.": "Dùng TLS.",
    "Our own certificate (PEM file), where Kafka asks for one.": "Chứng chỉ của ta (tệp PEM), nếu Kafka đòi hỏi.",
    "How user name and password are proved.": "Cách chứng minh tên người dùng và mật khẩu.",
    "Where results live: local (one file in data_dir) or influxdb (1.8 or 2).":
        "Nơi đặt kết quả: local (một tệp trong data_dir) hoặc influxdb (1.8 hay 2).",
    "InfluxDB: its address.": "InfluxDB: địa chỉ của nó.",
    "InfluxDB: v1 (database, user and password) or v2 (bucket, org and token).":
        "InfluxDB: v1 (cơ sở dữ liệu, tên và mật khẩu) hoặc v2 (bucket, org và token).",
    "With v1: the database; it must exist.": "Với v1: cơ sở dữ liệu; phải có sẵn.",
    "With v1: the retention policy; empty: the database's default.":
        "Với v1: chính sách lưu giữ; để trống: mặc định của cơ sở dữ liệu.",
    "With v1: user name; empty: none is sent.": "Với v1: tên người dùng; để trống: không gửi.",
    "With v1: environment variable of the password; <name>_FILE may name a file instead.":
        "Với v1: biến môi trường chứa mật khẩu; có thể dùng <tên>_FILE để chỉ một tệp.",
    "With v2: the bucket; it must exist.": "Với v2: bucket; phải có sẵn.",
    "With v2: the organisation.": "Với v2: tổ chức.",
    "With v2: environment variable of the token; <name>_FILE may name a file instead.":
        "Với v2: biến môi trường chứa token; có thể dùng <tên>_FILE để chỉ một tệp.",
    "Our own certificate (PEM file), where InfluxDB asks for one.":
        "Chứng chỉ của ta (tệp PEM), nếu InfluxDB đòi hỏi.",
    "park.toml: what holds for every line.": "park.toml: điều chung cho mọi dây chuyền.",
    "Names of the equipment levels, top down; the last two are line and unit.":
        "Tên các cấp thiết bị, từ trên xuống; hai cấp cuối là line và unit.",
    "Folder of log and store; relative to this file's folder.": "Thư mục nhật ký và kho; tính từ thư mục của tệp này.",
    "Time zone of shifts and of times shown to people.": "Múi giờ của ca và của giờ hiện cho người xem.",
    "Language of messages on the screen.": "Ngôn ngữ của thông báo trên màn hình.",
    "Defaults of every line; a line file may override each.": "Mặc định của mọi dây chuyền; tệp dây chuyền thay được.",
    "The role that receives samples.": "Vai trò nhận mẫu.",
    "The spine between the roles.": "Xương sống giữa các vai trò.",
    "Where results are kept for queries.": "Nơi giữ kết quả để truy vấn.",
    "MQTT brokers: any number. Samples are received from each, alerts published to each.":
        "Các máy chủ MQTT, bao nhiêu cũng được: nhận mẫu từ mỗi máy chủ, gửi cảnh báo tới mỗi máy chủ.",
    "Planned work, in timezone; none: all time is planned.":
        "Giờ làm theo kế hoạch, theo timezone; không có: mọi giờ đều là kế hoạch.",
    "Days on which no shift begins.": "Những ngày không có ca bắt đầu.",
    # lines
    "What the metric means, for instance state, good_count or temperature.":
        "Ý nghĩa của số đo, như state, good_count hay temperature; xem parkpulse explain roles.",
    "Unit of measure, as shown.": "Đơn vị đo, hiện như vậy.",
    "How long a value stays valid without a newer one.": "Giá trị còn hiệu lực bao lâu khi không có giá trị mới.",
    "Sent only on change: silence is no loss.": "Chỉ gửi khi thay đổi: im lặng không phải là mất.",
    "Value at which a counter begins again at zero.": "Giá trị mà bộ đếm quay về không.",
    'Codes of states or modes: "packml", "weihenstephan" (modes) or a table of code = name.':
        'Mã trạng thái hay chế độ: "packml", "weihenstephan" (chế độ) hoặc bảng mã = tên.',
    "Name of the unit, the last level of its path.": "Tên máy, cấp cuối của đường dẫn.",
    "Shortest time for one part.": "Thời gian ngắn nhất cho một sản phẩm.",
    "The same per product.": "Như trên, cho từng sản phẩm.",
    "Metrics of the unit by name.": "Các số đo của máy theo tên.",
    "Name of the alarm, one of its kind in the line.": "Tên cảnh báo, không trùng trong dây chuyền.",
    "The rule that decides: a module of pipeline/alarms.": "Quy tắc quyết định: một mô-đun của pipeline/alarms.",
    "Unit of the metric; empty: a metric of the line itself.": "Máy có số đo; để trống: số đo của chính dây chuyền.",
    "Metric to watch.": "Số đo cần theo dõi.",
    "Raised at or below this value.": "Báo khi bằng hoặc thấp hơn giá trị này.",
    "Raised at or above this value.": "Báo khi bằng hoặc cao hơn giá trị này.",
    "How far the value must come back before the alarm clears.": "Giá trị phải trở lại bao nhiêu thì hết cảnh báo.",
    "Of a limit: look at samples as they come, not once their second is over; late ones are left out.":
        "Với giới hạn: xét mẫu ngay khi đến, không chờ hết giây của nó; mẫu đến trễ bị bỏ qua.",
    "How long the condition must last before the alarm is raised.": "Điều kiện phải kéo dài bao lâu thì báo.",
    "How long the condition must be gone before the alarm clears; unsaid: 0s, of a score 60s.":
        "Điều kiện phải hết bao lâu thì hết cảnh báo; không ghi: 0s, với score 60s.",
    "Score, in standard deviations, from which the alarm is raised.":
        "Điểm bất thường, tính bằng độ lệch chuẩn, từ đó thì báo.",
    "Silence of this length raises the alarm.": "Im lặng lâu chừng này thì báo.",
    "1 (highest) to 4.": "1 (cao nhất) đến 4.",
    "What happened, in English; empty: a sentence made from name and value.":
        "Điều xảy ra, bằng tiếng Anh; để trống: câu ghép từ tên và giá trị.",
    "What happened, in Vietnamese.": "Điều xảy ra, bằng tiếng Việt.",
    "What to do, in English.": "Việc cần làm, bằng tiếng Anh.",
    "What to do, in Vietnamese.": "Việc cần làm, bằng tiếng Việt.",
    "A pack: what lines of one trade have in common.": "Gói: điều mà các dây chuyền cùng ngành có chung.",
    "Units with their metrics.": "Các máy và số đo của chúng.",
    "Alarms with advice.": "Cảnh báo và lời khuyên.",
    "lines/NAME.toml: one line.": "lines/TÊN.toml: một dây chuyền.",
    "Path of the line: a name for each level but the last.": "Đường dẫn của dây chuyền: mỗi cấp một tên, trừ cấp cuối.",
    "Pack to build on, bundled or packs/NAME.toml of this folder; empty: none.":
        "Gói làm nền, có sẵn hoặc packs/TÊN.toml của thư mục này; để trống: không có.",
    "Unit whose states are the line's; empty: the only one with a state.":
        "Máy có trạng thái là của dây chuyền; để trống: máy duy nhất có trạng thái.",
    "Unit whose counters are the line's; empty: pace_unit.": "Máy có bộ đếm là của dây chuyền; để trống: pace_unit.",
    "Windows of the line's results.": "Khung giờ của kết quả dây chuyền.",
    "Qualities that count: 0 good, 7 simulated.": "Chất lượng được tính: 0 tốt, 7 mô phỏng.",
    "Overrides [time] of park.toml key by key.": "Thay [time] của park.toml, từng khóa một.",
    "no default": "không có mặc định",
}  # fmt: skip
