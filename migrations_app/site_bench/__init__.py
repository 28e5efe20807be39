"""How fast the pages answer with many jobs: fills a database, asks for every page, tells."""
