"""Why a regular expression cannot be read: the words of Rust's ``regex``, for both languages."""

from __future__ import annotations

from datacode.i18n.message import Message

_REASONS = {
    message.template: message
    for message in (
        Message("regex_class_escape", "invalid escape sequence found in character class"),
        Message("regex_class_range", "invalid character class range, the start must be <= the end"),
        Message("regex_class_boundary", "invalid range boundary, must be a literal"),
        Message("regex_class_unclosed", "unclosed character class"),
        Message("regex_number_empty", "decimal literal empty"),
        Message("regex_number", "decimal literal invalid"),
        Message("regex_hex_empty", "hexadecimal literal empty"),
        Message("regex_hex", "hexadecimal literal is not a Unicode scalar value"),
        Message("regex_hex_digit", "invalid hexadecimal digit"),
        Message(
            "regex_escape_end", "incomplete escape sequence, reached end of pattern prematurely"
        ),
        Message("regex_escape", "unrecognized escape sequence"),
        Message("regex_flag_negation", "dangling flag negation operator"),
        Message("regex_flag_twice", "duplicate flag"),
        Message("regex_flag_negation_twice", "flag negation operator repeated"),
        Message("regex_flag_end", "expected flag but got end of regex"),
        Message("regex_flag", "unrecognized flag"),
        Message("regex_group_twice", "duplicate capture group name"),
        Message("regex_group_empty", "empty capture group name"),
        Message("regex_group_character", "invalid capture group character"),
        Message("regex_group_name", "unclosed capture group name"),
        Message("regex_group_unclosed", "unclosed group"),
        Message("regex_group_unopened", "unopened group"),
        Message(
            "regex_repeat_range", "invalid repetition count range, the start must be <= the end"
        ),
        Message("regex_repeat_number", "repetition quantifier expects a valid decimal"),
        Message("regex_repeat_unclosed", "unclosed counted repetition"),
        Message("regex_repeat_nothing", "repetition operator missing expression"),
        Message("regex_backreference", "backreferences are not supported"),
        Message(
            "regex_look_around",
            "look-around, including look-ahead and look-behind, is not supported",
        ),
        Message("regex_property", "Unicode property not found"),
        Message("regex_property_value", "Unicode property value not found"),
    )
}


def regex_reason(text: str) -> str | Message:
    """The reason as a message; a text that the library has besides stays as it is."""
    return _REASONS.get(text, text)
