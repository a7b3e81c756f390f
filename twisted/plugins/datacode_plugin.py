"""Makes ``twistd datacode`` known; nothing of the server is imported until it is used."""

from twisted.application.service import ServiceMaker

datacode = ServiceMaker(
    "DataCode Server", "datacode.tap", "Run DataCode programs for WebSocket clients.", "datacode"
)
