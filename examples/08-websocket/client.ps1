# A client for PowerShell 5.1 or newer, nothing else needed: runs a DataCode file on a server.
#
#   .\client.ps1 ws://127.0.0.1:8899 program.dc
param(
    [Parameter(Mandatory)] [string] $Url,
    [Parameter(Mandatory)] [string] $File
)
$ErrorActionPreference = "Stop"
$none = [Threading.CancellationToken]::None
$server = [Net.WebSockets.ClientWebSocket]::new()
$server.ConnectAsync($Url, $none).Wait()

$code = [IO.File]::ReadAllText((Resolve-Path $File))
$request = @{ type = "execute"; code = $code } | ConvertTo-Json -Compress
$bytes = [Text.Encoding]::UTF8.GetBytes($request)
$server.SendAsync([ArraySegment[byte]]::new($bytes), "Text", $true, $none).Wait()

$buffer = [byte[]]::new(65536)
$content = [IO.MemoryStream]::new()
do {
    $part = $server.ReceiveAsync([ArraySegment[byte]]::new($buffer), $none).Result
    $content.Write($buffer, 0, $part.Count)
} until ($part.EndOfMessage)
$answer = [Text.Encoding]::UTF8.GetString($content.ToArray()) | ConvertFrom-Json

[Console]::Write($answer.output)
if (-not $answer.success) { [Console]::Error.WriteLine($answer.error) }
$server.CloseAsync("NormalClosure", "", $none).Wait()
exit [int](-not $answer.success)
