using System.Globalization;
using System.Text;

namespace Mayfly.Packages.Archives;

/// <summary>The values of pax extended headers that concern us; an entry's own stand over global ones.</summary>
internal sealed class PaxValues
{
    private const string AttributePrefix = "SCHILY.xattr.";
    private const int AttributeLimit = 1 << 20;
    private Dictionary<string, byte[]>? _attributes;
    private int _attributeBytes;

    public PaxValues()
    {
    }

    public PaxValues(PaxValues global)
    {
        (Path, Target, Size, Time, UserId, GroupId, User, Group) =
            (global.Path, global.Target, global.Size, global.Time, global.UserId, global.GroupId, global.User, global.Group);
        _attributes = global._attributes is { } attributes ? new(attributes) : null;
        _attributeBytes = global._attributeBytes;
    }

    public string? Path { get; private set; }

    public string? Target { get; private set; }

    public long? Size { get; private set; }

    public long? Time { get; private set; }

    public long? UserId { get; private set; }

    public long? GroupId { get; private set; }

    public string? User { get; private set; }

    public string? Group { get; private set; }

    /// <summary>True when GNU.sparse keys are there: the contents are then not what the entry's size says.</summary>
    public bool Sparse { get; private set; }

    public IReadOnlyDictionary<string, byte[]>? Attributes => _attributes;

    /// <summary>True after a header of the entry's own was read.</summary>
    public bool Any { get; private set; }

    /// <summary>Records of the form "length key=value\n", the length counting the whole record in decimal.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        Any = true;
        while (!bytes.IsEmpty)
        {
            var blank = bytes.IndexOf((byte)' ');
            if (blank is < 1 or > 9 || !int.TryParse(bytes[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= blank + 1 || length > bytes.Length || bytes[length - 1] != '\n')
                throw new ArchiveException("a pax header is damaged");
            var record = bytes[(blank + 1)..(length - 1)];
            bytes = bytes[length..];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1)
                throw new ArchiveException("a pax header is damaged");
            Take(TarReader.Decode(record[..equals]), record[(equals + 1)..]);
        }
    }

    private void Take(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path":
                Path = Name(value);
                break;
            case "linkpath":
                Target = Name(value);
                break;
            case "size":
                Size = Number(key, value);
                break;
            case "mtime":
                Time = Number(key, value);
                break;
            case "uid":
                UserId = Number(key, value);
                break;
            case "gid":
                GroupId = Number(key, value);
                break;
            case "uname":
                User = Name(value);
                break;
            case "gname":
                Group = Name(value);
                break;
            case var attribute when attribute.StartsWith(AttributePrefix, StringComparison.Ordinal):
                if ((_attributeBytes += key.Length + value.Length) > AttributeLimit)
                    throw new ArchiveException("the extended attributes of its pax headers are absurdly large");
                (_attributes ??= [])[attribute[AttributePrefix.Length..]] = value.ToArray();
                break;
            case var sparse when sparse.StartsWith("GNU.sparse.", StringComparison.Ordinal):
                Sparse = true;
                break;
        }
    }

    private static string? Name(ReadOnlySpan<byte> value)
    {
        if (value.Contains((byte)0))
            throw new ArchiveException("a pax header holds a name with a NUL in it");
        // An empty value takes a global one back.
        return value.IsEmpty ? null : TarReader.Decode(value);
    }

    /// <summary>Decimal; of times, fractions of a second are cut off (towards the past, as floor does).</summary>
    private static long? Number(string key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return null;
        var dot = value.IndexOf((byte)'.');
        var whole = dot < 0 ? value : value[..dot];
        if (!long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw new ArchiveException($"the {key} of a pax header is no number ({TarReader.Shown(Encoding.Latin1.GetString(value))})");
        return dot >= 0 && value[0] == '-' && value[(dot + 1)..].ContainsAnyExcept((byte)'0') ? number - 1 : number;
    }
}
