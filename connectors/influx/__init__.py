"""The store on InfluxDB 1.8 and 2: results and alerts as points, written synchronously and read back with InfluxQL."""
