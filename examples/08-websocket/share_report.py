"""A report from a share, with the client that comes with DataCode Server.

pip install datacode-server
python share_report.py ws://127.0.0.1:8899 fileserver.example.org data ann
"""

import getpass
import sys

from datacode.client import RequestFailed, connect

REPORT = """
for file in list_files(path("lib://{share}")) do
  if file.extension == "xlsx" or file.extension == "csv" do
    t = read_file(file)
    print(file.name, len(t), "rows,", t.columns, "columns")
    if len(t) > 0 do
      table_head(t, 3)
    endif
  endif
next file
"""


def main(url: str, host: str, share: str, login: str) -> int:
    with connect(url) as client:
        try:
            client.connect_share(host, share, login, getpass.getpass())
        except RequestFailed as problem:
            print(problem, file=sys.stderr)
            return 1
        result = client.execute(
            REPORT.format(share=share), on_output=lambda text: print(text, end="", flush=True)
        )
        if result.error:
            print(result.error, file=sys.stderr)
        return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
