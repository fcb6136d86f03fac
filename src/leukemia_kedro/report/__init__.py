"""The report: tables, records and figures in, one HTML page out. It reads and writes no file."""
