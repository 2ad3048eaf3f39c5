"""Boards for Grafana, made from what is declared: KPIs, elements, levels, units of measure, instruments."""
