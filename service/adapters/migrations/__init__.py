"""The steps by which the store's tables came to be; `her2 db upgrade` takes those still to do."""
