"""The crawl itself, on scrapy, in a process of its own: `python -m albumnet.sources.allmusic.crawling`.

Of its own because a Twisted reactor cannot be started twice, installs signal handlers, and writes to the root logger.
It ends in one way only, at once and at any moment: whoever started it closes its standard input, or is gone. What it
has done by then is in the journal.
"""
