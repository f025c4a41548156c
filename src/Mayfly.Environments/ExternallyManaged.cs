namespace Mayfly.Environments;

/// <summary>What a system says of the Python that belongs to it, and into which only its own packages go: the file <c>EXTERNALLY-MANAGED</c> beside the library (PEP 668).</summary>
/// <param name="Prefix">Where that Python was installed: <c>/usr</c>.</param>
/// <param name="Words">What people are told in its place, the first paragraph in one line; empty where the file says nothing.</param>
public sealed record ExternallyManaged(string Prefix, string Words)
{
    private const string FileName = "EXTERNALLY-MANAGED";

    /// <summary>Null where no system says such a thing.</summary>
    /// <param name="prefix">Where a Python may have been installed.</param>
    public static ExternallyManaged? Find(string prefix)
    {
        try
        {
            return !Directory.Exists($"{prefix}/lib") ? null
                : Directory.GetDirectories($"{prefix}/lib", "python3*").Order(StringComparer.Ordinal).Select(static folder => $"{folder}/{FileName}").FirstOrDefault(File.Exists) is { } file ? new ExternallyManaged(prefix, Error(File.ReadLines(file))) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The setting <c>Error</c> up to its first empty line, in the form that Python's configparser reads.</summary>
    private static string Error(IEnumerable<string> lines)
    {
        var own = lines.SkipWhile(static line => line.Trim() != "[externally-managed]").Skip(1).TakeWhile(static line => line is not ['[', ..])
            .SkipWhile(static line => !line.StartsWith("Error", StringComparison.OrdinalIgnoreCase) || line["Error".Length..].TrimStart() is not [('=' or ':'), ..]).ToArray();
        return own is [] ? "" : string.Join(' ', own.Skip(1).TakeWhile(static line => line.Trim().Length > 0 && char.IsWhiteSpace(line[0])).Prepend(own[0][(own[0].IndexOfAny(['=', ':']) + 1)..]).Select(static line => line.Trim())).Trim();
    }
}
