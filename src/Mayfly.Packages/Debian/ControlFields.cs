namespace Mayfly.Packages.Debian;

/// <summary>
/// Walks the fields of one stanza of a control file (deb822, policy 5.1) without copying:
/// <c>foreach (var (name, value) in new ControlFields(stanza))</c> by <see cref="MoveNext"/>, <see cref="Name"/>, <see cref="Value"/>.
/// </summary>
public ref struct ControlFields(ReadOnlySpan<byte> stanza)
{
    private ReadOnlySpan<byte> _rest = stanza;

    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>
    /// The value with its continuation lines as they stand. Blanks are cut before it only:
    /// dpkg keeps those behind (some descriptions have them), and what we write must equal what dpkg writes.
    /// </summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>False after the last field. A line that is no field throws <see cref="FormatException"/>.</summary>
    public bool MoveNext()
    {
        while (_rest.Length > 0 && (_rest[0] == '\n' || _rest[0] == '#'))
        {
            var comment = _rest.IndexOf((byte)'\n');
            _rest = comment < 0 ? [] : _rest[(comment + 1)..];
        }

        if (_rest.IsEmpty)
            return false;
        var end = 0;
        while (true)
        {
            var line = _rest[end..].IndexOf((byte)'\n');
            end = line < 0 ? _rest.Length : end + line + 1;
            if (end == _rest.Length || (_rest[end] != ' ' && _rest[end] != '\t'))
                break;
        }

        var field = _rest[..end];
        _rest = _rest[end..];
        if (field[^1] == '\n')
            field = field[..^1];
        var colon = field.IndexOf((byte)':');
        if (colon <= 0 || field[..colon].ContainsAny(" \t\n"u8))
            throw new FormatException($"'{System.Text.Encoding.UTF8.GetString(field[..Math.Min(field.Length, 60)])}' is no field of a control file");
        Name = field[..colon];
        Value = field[(colon + 1)..].TrimStart(" \t"u8);
        return true;
    }

    /// <summary>True when this field's name is the given one; case does not matter (policy 5.1).</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => System.Text.Ascii.EqualsIgnoreCase(Name, name);
}
