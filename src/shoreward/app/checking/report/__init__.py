"""What checks found, for whoever reads it: SARIF for code scanning, JUnit for CI, Markdown for a pull request.

Pure functions from results to text. The terminal's own view is `cli`'s.
"""

from shoreward.app.checking.report.junit import junit
from shoreward.app.checking.report.markdown import markdown
from shoreward.app.checking.report.sarif import sarif

__all__ = ["junit", "markdown", "sarif"]
