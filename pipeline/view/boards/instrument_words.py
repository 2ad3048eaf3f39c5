"""What each instrument is for people: (title, sentence) in English and in Vietnamese."""

Both = tuple[tuple[str, str], tuple[str, str]]

INSTRUMENT_WORDS: dict[str, Both] = {
    "parkpulse_samples": (
        ("Samples received", "All that gateways wrote to the log and workers read."),
        ("Mẫu đã nhận", "Mọi mẫu gateway ghi vào nhật ký và worker đã đọc."),
    ),
    "parkpulse_rejected_samples": (
        ("Samples rejected", "What could not be read, by reason; `parkpulse log CONFIG rejects.v1` shows each."),
        ("Mẫu bị loại", "Những gì không đọc được, theo lý do; xem bằng `parkpulse log CONFIG rejects.v1`."),
    ),
    "parkpulse_late_samples": (
        ("Samples too late", "Their second was closed already when they came."),
        ("Mẫu đến muộn", "Khi đến thì giây của chúng đã đóng."),
    ),
    "parkpulse_unknown_states": (
        ("States that no table knows", "They count as unclassified; `parkpulse inbox CONFIG` shows the row to add."),
        ("Trạng thái không có trong bảng", "Tính là không rõ; `parkpulse inbox CONFIG` chỉ ra dòng cần thêm."),
    ),
    "parkpulse_results": (
        ("Results published", "Windows, KPIs, states and ledger that workers wrote to results.v1."),
        ("Kết quả đã phát", "Khung giờ, KPI, trạng thái và sổ đếm mà worker ghi vào results.v1."),
    ),
    "parkpulse_alerts": (
        ("Alarm transitions", "Changes of alarms' states that workers published."),
        ("Chuyển trạng thái cảnh báo", "Các lần cảnh báo đổi trạng thái mà worker đã phát."),
    ),
    "parkpulse_checkpoint_age_seconds": (
        ("Age of the checkpoint", "An old one makes no figure wrong; a restart takes long."),
        ("Tuổi của điểm kiểm tra", "Cũ không làm sai số liệu; chỉ khiến khởi động lại lâu."),
    ),
    "parkpulse_watermark_lag_seconds": (
        ("Slowest line behind", "Append time minus the clock of the slowest line: its windows close so much later."),
        (
            "Dây chuyền chậm nhất trễ",
            "Thời điểm ghi trừ đồng hồ của dây chuyền chậm nhất: khung giờ đóng trễ bấy nhiêu.",
        ),
    ),
    "parkpulse_step_duration_seconds": (
        ("One step of a role", "How long a batch takes; the log waits meanwhile."),
        ("Một bước của vai trò", "Một lô mất bao lâu; trong lúc đó nhật ký chờ."),
    ),
    "parkpulse_consumer_lag_records": (
        ("Records not yet read", "How far each role is behind the log; figures come later, none is wrong."),
        ("Bản ghi chưa đọc", "Mỗi vai trò chậm so với nhật ký bao nhiêu; số liệu đến muộn, không sai."),
    ),
    "parkpulse_silent_lines": (
        ("Silent lines", "Lines that send nothing new; their time is unclassified."),
        ("Dây chuyền im lặng", "Dây chuyền không gửi gì mới; thời gian của chúng là không rõ."),
    ),
    "parkpulse_ledger_gap_samples": (
        ("Missing in the ledger", "Samples that gateways numbered and the log does not hold. It must be 0."),
        ("Thiếu trong sổ đếm", "Mẫu mà gateway đã đánh số nhưng nhật ký không có. Phải bằng 0."),
    ),
    "parkpulse_horizon_memory_bytes": (
        ("Horizon in memory", "Samples that late ones may correct; with each checkpoint they go to the disk."),
        ("Mẫu còn trong bộ nhớ", "Mẫu mà mẫu đến muộn có thể sửa; mỗi điểm kiểm tra chuyển chúng xuống đĩa."),
    ),
    "parkpulse_horizon_disk_bytes": (
        ("Horizon on the disk", "Samples that late ones may correct, as far back as correction_horizon."),
        ("Mẫu trên đĩa", "Mẫu mà mẫu đến muộn có thể sửa, trong phạm vi correction_horizon."),
    ),
    "parkpulse_free_bytes": (
        ("Room on the disk", "Free space where the data folder lies; a full disk stops all acknowledging."),
        ("Chỗ trống trên đĩa", "Dung lượng trống nơi đặt dữ liệu; đĩa đầy thì không xác nhận được gì nữa."),
    ),
    "parkpulse_unsettled_bytes": (
        ("Not yet durable", "Received over MQTT and not yet in the log; it is not acknowledged."),
        ("Chưa ghi bền", "Đã nhận qua MQTT nhưng chưa vào nhật ký; chưa được xác nhận."),
    ),
    "parkpulse_spool_bytes": (
        ("Spool", "Acknowledged, on the gateway's disk because Kafka was away; it follows by itself."),
        ("Hàng chờ trên đĩa", "Đã xác nhận, nằm trên đĩa của gateway vì Kafka vắng; sẽ tự gửi tiếp."),
    ),
    "parkpulse_spool_records": (
        ("Records in the spool", "Frames and rejects that wait there."),
        ("Bản ghi trong hàng chờ", "Số khung và mẫu bị loại đang chờ ở đó."),
    ),
    "parkpulse_spool_age_seconds": (
        ("Age of the spool", "How long the oldest has waited there."),
        ("Tuổi của hàng chờ", "Bản ghi cũ nhất đã chờ ở đó bao lâu."),
    ),
    "parkpulse_spool_dropped_samples": (
        ("Samples a full spool dropped", "With policy drop-oldest alone; the ledger shows them as a gap."),
        ("Mẫu bị hàng chờ đầy bỏ", "Chỉ với policy drop-oldest; sổ đếm cho thấy là phần thiếu."),
    ),
    "parkpulse_kafka_loop_lag_seconds": (
        (
            "Kafka's clients late",
            "The worst of 15 s: heartbeats waited so long; from 10 s on a share is lost.",
        ),
        (
            "Trình nối Kafka trễ",
            "Lớn nhất trong 15 s: nhịp báo tới Kafka chờ bấy lâu; từ 10 s thì mất phần được chia.",
        ),
    ),
}
