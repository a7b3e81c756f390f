#!/bin/sh
# Writes report.xlsx and what LibreOffice (Debian: libreoffice-calc-nogui) and SheetJS make of it.
# npm install xlsx@0.18.5 beforehand, and give its folder: NODE_PATH=node_modules ./make.sh
set -eu
cd "$(dirname "$0")"
python3 - <<'PYTHON'
import xlsxwriter

book = xlsxwriter.Workbook("report.xlsx")
sheet = book.add_worksheet("Данные")
for number, row in enumerate(
    [
        ("код", "сумма", "день", "число", "группа", "цена"),
        ("0017", "1 200,5", "31.12.2025", 5, None, "1 200"),
        ("-", "7,25", "1.12.2025", 6, None, "300"),
        ("Итого", "1 207,75", "2.12.2025", 7, "Б", "1 500"),
    ]
):
    sheet.write_row(number, 0, row)
sheet.merge_range("E2:E3", "А")
book.add_worksheet("Ещё").write_column(0, 0, ["x", 1])
book.close()
PYTHON
folder=$(mktemp -d)
for kind in ods xls; do
    soffice --headless "-env:UserInstallation=file://$folder/profile" \
        --convert-to $kind --outdir "$folder" report.xlsx >/dev/null
    mv "$folder/report.$kind" "report.$kind"
done
rm -r "$folder"
node -e '
const XLSX = require("xlsx");
XLSX.writeFile(XLSX.readFile("report.xlsx"), "report.xlsb", { bookType: "xlsb", compression: true });
'
