using Mayfly.Packages.Debian;

namespace Mayfly.Images.Dpkg;

/// <summary>One stanza of a control or status file as its fields, byte for byte (deb822, policy 5.1).</summary>
internal static class ControlStanza
{
    public static IReadOnlyList<(string Name, string Value)> Parse(ReadOnlySpan<byte> stanza)
    {
        var fields = new List<(string, string)>();
        var reader = new ControlFields(stanza.TrimEnd((byte)'\n'));
        while (reader.MoveNext())
            fields.Add((DpkgPackage.Bytes.GetString(reader.Name), DpkgPackage.Bytes.GetString(reader.Value)));
        return fields;
    }

    public static string Find(IReadOnlyList<(string Name, string Value)> fields, string name)
    {
        foreach (var field in fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return field.Value;
        }

        return "";
    }
}
