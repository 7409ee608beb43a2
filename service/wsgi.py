"""For any WSGI server: `gunicorn service.wsgi:app`.

`her2 serve` also refuses an open address without a token; another server is told its own address,
so set `HER2_API_TOKEN` when it is not loopback.
"""

from service.settings import read_settings
from service.wiring import served_app

app = served_app(read_settings())
