"""kbtool compiles a Logseq-style Markdown base: it checks the links, runs the code, and publishes the site."""

__version__ = "0.1.0"
