#!/bin/sh
# Writes the workbooks of LibreOffice beside this script, out of that of XlsxWriter (Debian: libreoffice-calc-nogui).
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
for kind in ods xls xlsx; do
    soffice --headless "-env:UserInstallation=file://$folder/profile" \
        --convert-to $kind --outdir "$folder" xlsxwriter.xlsx >/dev/null
    mv "$folder/xlsxwriter.$kind" "libreoffice.$kind"
done
rm -r "$folder"
