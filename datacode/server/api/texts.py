"""What the server itself says to a client.

Their Russian, in the catalogue (``datacode.i18n.catalog``), is that of the protocol's documentation
and of the server reference, section 13, to the letter; clients compare it. Errors of programs are
not here (``datacode.errors``).
"""

from __future__ import annotations

from typing import Literal

from datacode.i18n.message import Message

Locale = Literal["en", "ru"]


# Requests that make no sense (server reference, 5.1). Both languages begin alike for every cause.

UNREADABLE = Message(
    "request_unreadable",
    "Request error. Expected JSON with the fields: type, code"
    " (or smb_connect, smb_list_files, smb_read_file)",
)
REPEATED_FIELD = Message("field_repeated", "Request error: the field '{field}' appears twice")
TOO_NESTED = Message("request_too_nested", "Request error: nested deeper than {limit} levels")
TOO_LARGE = Message("request_too_large", "Request error: only upload_file may exceed {limit} MiB")
TOO_MANY_VALUES = Message("too_many_values", "Request error: more than {limit} nested values")
TOO_MANY_FIELDS = Message("too_many_fields", "Request error: more than {limit} fields")
UNKNOWN_TYPE = Message("unknown_request_type", "Request error: unknown type '{type}'")
MISSING_FIELD = Message("field_missing", "Request error: the field '{field}' is missing")
WRONG_FIELD = Message("wrong_field", "Request error: the field '{field}' must be {expected}")
NOT_TEXT = Message("request_not_text", "Request error: expected a text message with JSON")

A_STRING = Message("a_string", "a string")
A_FLAG = Message("a_flag", "true or false")
A_COUNT = Message("a_count", "a positive whole number")
A_POSITION = Message("a_position", "a whole number from 0")
A_BOUNDED_COUNT = Message("a_bounded_count", "a whole number from 1 to {limit}")
COLUMNS = Message("column_numbers", "a list of numbers of columns, counted from 0")
FILTERS = Message(
    "filters",
    "a list of objects with the fields: column (counted from 0), and text, values or without",
)
SORT_KEYS = Message(
    "sort_keys", "a list of objects with the fields: column (counted from 0), descending"
)
AN_ID = Message("an_id", "a string or a number of at most {limit} bytes")
ONE_OF = Message("one_of", "one of: {choices}")

# Programs.

CANCELLED = Message("run_cancelled", "Execution was interrupted")
OUTPUTS_NO_ARRAY = Message("outputs_no_array", "The outputs must be an array")
VIEW_REMOVED = Message("view_removed", "The link was taken back")
TOO_MANY_ASIDE = Message(
    "too_many_aside",
    "Too many previews and documents are asked for at once (at most {most}): wait for the others",
)
CANCEL_DONE = Message("cancel_done", "Execution was interrupted")
NOTHING_TO_CANCEL = Message("nothing_running", "Nothing is running")
RESET_DONE = Message("interpreter_reset", "The interpreter was reset")
INTERNAL = Message(
    "internal_server_error",
    "Internal server error; the administrator finds it in the log under number {number}",
)
NO_INTERPRETER = Message("no_interpreter", "No interpreter can be started; try again later")

# The state (server reference, 5.8).

STATE_SAVED = Message("session_state_saved", "The state was saved to {filename}")
STATE_IN_ANSWER = Message("session_state_in_answer", "The state was saved")
STATE_RESTORED = Message("session_state_restored", "The state was restored")
STATE_NOT_SAVED = Message("session_state_not_saved", "The state was not saved: {reason}")
STATE_NOT_RESTORED = Message("session_state_not_restored", "The state was not restored: {reason}")
NOT_FORKED = Message("session_not_forked", "The session was not duplicated: {reason}")
CONTENT_OR_FILENAME = Message(
    "content_or_filename", "expected either the field 'content' or the field 'filename'"
)
NO_ROOM_FOR_STATE = Message(
    "no_room_for_state", "there is no room for it within the limits of the server"
)

# Shares (server reference, 5.3, 5.4, 8.5).

SHARE_CONNECTED = Message("share_connected", "Connected to the SMB share '{share}'")
SHARE_DISCONNECTED = Message("share_disconnected", "Disconnected from the SMB share '{share}'")
FILE_TOO_BIG = Message("larger_than_message", "the file is larger than the limit of {limit} MiB")

# Uploads (server reference, 7.3).

UPLOADED = Message("file_uploaded", "File {filename} uploaded")
UPLOADS_OFF = Message("uploads_off", "The --use-ve mode is off")
NO_SESSION_FOLDER = Message("no_session_folder", "The user's session was not found")
BAD_FILENAME = Message("bad_filename", "Not a valid path of a file")
BAD_BASE64 = Message("bad_base64", "Base64 decoding error: {reason}")
NO_PARENT = Message("cannot_make_parent", "Cannot make the folder: {reason}")
CANNOT_WRITE = Message("cannot_write_file", "Cannot write the file: {reason}")
QUOTA_EXCEEDED = Message("session_folder_full", "The session folder is full ({limit} MiB)")
TOO_MANY_FILES = Message("too_many_files", "The session folder holds {limit} files already")
DELETED = Message("file_deleted", "File {filename} deleted")
CANNOT_DELETE = Message("cannot_delete_file", "Cannot delete the file: {reason}")
CANNOT_READ = Message("cannot_read_file", "Cannot read the file: {reason}")
BASE64_ALPHABET = Message(
    "bad_base64_character", "a character outside the base64 alphabet, or wrong padding"
)
FILE_MISSING = Message("file_not_found", "'{path}' not found", russian=True)
FILE_IS_FOLDER = Message("is_a_folder", "'{path}' is a folder", russian=True)

# Access (server reference, 4.4).

ACCESS_GRANTED = Message("access_granted", "Access granted")
ACCESS_REFUSED = Message("wrong_token", "Wrong token")
LOGIN_REFUSED = Message("wrong_name_or_password", "Wrong name or password")
NO_ROOM = Message("no_room_for_session", "The limit of connections is reached; try again later")
TOO_MANY_TRIES = Message("too_many_tries", "Too many failed attempts; try again in {seconds} s")

# Sessions that outlive their connection (server reference, 5.7).

SESSION_ENDED = Message("session_ended", "The session was ended")
NOT_ATTACHED = Message("not_attached", "The session ends with its connection: send attach first")
UNKNOWN_SESSION = Message("unknown_session", "There is no such session, or it has ended")
SESSION_GONE = Message("session_gone", "The session has ended: {reason}")
WRONG_SESSION_TOKEN = Message("wrong_session_token", "Wrong session token")
OTHER_ACCOUNT = Message("session_of_other_account", "The session is another account's")
SESSION_BUSY = Message(
    "session_busy", "Another connection has this session; force takes it from there"
)
SESSION_TAKEN = Message("session_taken", "Another client has taken the session")
ATTACH_FIRST = Message(
    "attach_first",
    "This connection has a session in use: attach to another one in a new connection",
)
SESSION_AND_TOKEN = Message("session_and_token", "attach takes session and token together, or none")
SERVER_STOPPING = Message("server_stopping", "The server is stopping")
ENDED_BY_CLIENT = Message("ended_by_client", "a client ended it")
ENDED_TOO_OLD = Message("ended_too_old", "nobody was connected for {seconds} s")
ENDED_FOR_OTHERS = Message("ended_for_others", "at most {limit} without a connection are kept")
ENDED_FOR_MEMORY = Message("ended_for_memory", "too much was waiting for it in memory")
ANSWER_FORGOTTEN = Message("answer_forgotten", "The answer to request {seq} is kept no more")
SEQ_USED = Message("seq_used", "The number {seq} was another request's")
DETACHED_TOO_LONG = Message(
    "detached_too_long", "Execution was interrupted: nobody was connected for {seconds} s"
)
ENDED_TASK_FOR_MEMORY = Message(
    "ended_task_for_memory", "Interrupted: too much waits for the session in memory"
)
NOT_RUN_FOR_MEMORY = Message(
    "not_run_for_memory", "Not run: too much waits for the session in memory"
)
NOT_RUN_DETACHED = Message("not_run_detached", "Not run: nobody was connected for {seconds} s")
