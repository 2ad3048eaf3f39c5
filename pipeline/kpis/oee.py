"""The OEE family (ISO 22400-2): how much of the planned time went into good parts at the ideal pace, and why not.

Rule: a ratio is null where its denominator is 0, or where no ideal cycle is declared (`ideal_ms` is null). Only `oee`
knows better than its factors: it is computed as ideal · gq / pq / pbt, which equals availability × effectiveness ×
quality_ratio wherever these exist, and keeps parts that were counted while no second was seen as production (apt = 0).
It is 0 where something of the time is known and nothing was produced, and null where nothing is known.
"""

import polars as pl

from pipeline.core.kpi import Kpi, ratio

_pbt, _apt, _aust, _unclassified = (pl.col(f"{name}_ms") for name in ("pbt", "apt", "aust", "unclassified"))
_ideal, _pq, _gq = pl.col("ideal_ms"), pl.col("pq"), pl.col("gq")
_known = (_pbt > _unclassified) & _ideal.is_not_null()

availability = Kpi(
    id="availability",
    version=1,
    name_en="Availability",
    name_vi="Mức sẵn sàng",
    description="apt / pbt: share of the planned busy time in which the unit produced.",
    formula=ratio(_apt, _pbt),
    unit="ratio",
    range=(0.0, 1.0),
    better="higher",
    description_vi="apt / pbt: phần thời gian bận theo kế hoạch mà máy thực sự sản xuất.",
    source="ISO 22400-2, availability",
)

effectiveness = Kpi(
    id="effectiveness",
    version=1,
    name_en="Effectiveness",
    name_vi="Hiệu suất tốc độ",
    description="ideal / apt: ideal time of the parts made to the time producing; above 1 = faster than ideal.",
    formula=ratio(_ideal, _apt),
    unit="ratio",
    range=(0.0, None),
    better="higher",
    description_vi="ideal / apt: thời gian lý tưởng so với thời gian sản xuất; trên 1 = nhanh hơn lý tưởng.",
    source="ISO 22400-2, effectiveness",
)

quality_ratio = Kpi(
    id="quality_ratio",
    version=1,
    name_en="Quality ratio",
    name_vi="Tỷ lệ chất lượng",
    description="gq / pq: good parts of all parts produced.",
    formula=ratio(_gq, _pq),
    unit="ratio",
    range=(0.0, 1.0),
    better="higher",
    description_vi="gq / pq: số sản phẩm đạt trên tổng số làm ra.",
    source="ISO 22400-2, quality ratio",
)

oee = Kpi(
    id="oee",
    version=1,
    name_en="Overall equipment effectiveness",
    name_vi="Hiệu suất thiết bị tổng thể",
    description="ideal · gq / pq / pbt = availability × effectiveness × quality_ratio; 0 where nothing was produced.",
    formula=pl.when(_known & (_pq > 0)).then(_ideal * _gq / _pq / _pbt).when(_known & (_pq == 0)).then(0.0),
    unit="ratio",
    range=(0.0, None),
    better="higher",
    description_vi="ideal · gq / pq / pbt = availability × effectiveness × quality_ratio; bằng 0 khi không làm ra gì.",
    source="ISO 22400-2, OEE index",
)

nee = Kpi(
    id="nee",
    version=1,
    name_en="Net equipment effectiveness",
    name_vi="Hiệu suất thiết bị thuần",
    description="(apt + aust) / pbt × effectiveness × quality_ratio: as OEE, but set-up is no loss.",
    formula=ratio(_apt + _aust, _pbt) * ratio(_ideal, _apt) * ratio(_gq, _pq),
    unit="ratio",
    range=(0.0, None),
    better="higher",
    description_vi="(apt + aust) / pbt × effectiveness × quality_ratio: như OEE, nhưng chỉnh máy không là tổn thất.",
    source="ISO 22400-2, NEE index",
)

coverage = Kpi(
    id="coverage",
    version=1,
    name_en="Coverage",
    name_vi="Độ phủ dữ liệu",
    description="1 − unclassified / pbt: share of the planned busy time whose state is known.",
    formula=1.0 - ratio(_unclassified, _pbt),
    unit="ratio",
    range=(0.0, 1.0),
    better="higher",
    description_vi="1 − unclassified / pbt: phần thời gian bận theo kế hoạch có trạng thái đã biết.",
    source="own, not of ISO 22400-2",
)
