"""KPI families, one file each: formulas over elements, found by file, applied in `steps/kpis.py`."""
