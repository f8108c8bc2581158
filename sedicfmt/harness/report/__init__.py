"""The report: one HTML file that holds all it shows, and the same as Markdown with its pictures beside it."""
