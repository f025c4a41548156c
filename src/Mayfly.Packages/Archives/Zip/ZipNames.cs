namespace Mayfly.Packages.Archives.Zip;

/// <summary>The names of an archive: each is there once, stays below the folder that it is unpacked into, and none is file and folder at once.</summary>
internal sealed class ZipNames
{
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);

    /// <exception cref="ArchiveException">It may not be there.</exception>
    public void Add(string name)
    {
        if (name.Length == 0 || name.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 || name.Contains('\\', StringComparison.Ordinal) || name.Contains('\u007f', StringComparison.Ordinal))
            throw new ArchiveException($"'{Printable(name)}' in it is no name of a file");
        var parts = name.TrimEnd('/').Split('/');
        if (name[0] == '/' || name.EndsWith("//", StringComparison.Ordinal) || parts.Any(static part => part is "" or "." or ".."))
            throw new ArchiveException($"'{name}' in it leads out of the folder that it is unpacked into");
        if (!_listed.Add(name))
            throw new ArchiveException($"'{name}' is in it twice");
        for (var slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1))
            _folders.Add(name[..slash]);
        if (!name.EndsWith('/'))
            _files.Add(name);
        // Whichever comes first.
        if (_folders.Contains(name) || parts.Length > 1 && Folders(name).Any(_files.Contains) || name.EndsWith('/') && _files.Contains(name[..^1]))
            throw new ArchiveException($"'{name}' in it is a file and a folder");
    }

    private static IEnumerable<string> Folders(string name)
    {
        for (var slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1))
            yield return name[..slash];
    }

    private static string Printable(string name) => new([.. name.Select(static c => char.IsControl(c) ? '?' : c)]);
}
