using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Packages.Python.Locking;

/// <summary>What a component wants in one environment of its image.</summary>
/// <param name="Set">The component, whose set of Debian packages has the interpreter.</param>
/// <param name="File">A requirements file or a <c>pyproject.toml</c>, absolute.</param>
/// <param name="Into">Where the environment is in the image, absolute.</param>
public sealed record EnvironmentRequest(string Set, string File, string Into)
{
    /// <summary>Whose sources may be built, in the image.</summary>
    public BuildPermission Builds { get; init; } = BuildPermission.None;

    /// <summary>The stack's, from which paths in its lock are meant.</summary>
    public string Folder { get; init; } = Path.GetDirectoryName(File)!;

    /// <summary>Reads the file, and all that it names. Paths in it are meant from its own folder.</summary>
    /// <exception cref="MayflyException">It is not there, or cannot be read.</exception>
    public RequestedDistributions Read()
    {
        var variables = new Dictionary<string, string>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (Path.GetFileName(File) != "pyproject.toml")
            return Of(RequirementsFile.Read(File, Text, Variable));
        return Of(PythonProject.Read(Text(File), File).Requirements(File, [], []));

        RequestedDistributions Of(RequirementsFile file) =>
            new(file with { Entries = [.. file.Entries.Select(entry => entry with { Folder = Path.GetDirectoryName(File) })] }, Convert.ToHexStringLower(hash.GetHashAndReset()), variables);

        string? Variable(string name)
        {
            var value = Environment.GetEnvironmentVariable(name);
            if (value is { Length: > 0 })
                variables[name] = value;
            return value;
        }

        string Text(string path)
        {
            if (RemoteRequirements.IsAddress(path))
                throw new MayflyException($"{File} names {path}, and what an image has is said by files beside its stack.cs", "fetch it, and name the file");
            try
            {
                var text = System.IO.File.ReadAllText(path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? new Uri(path).LocalPath : path);
                hash.AppendData(Encoding.UTF8.GetBytes($"{text.Length}\n{text}\n"));
                return text;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MayflyException(path == File ? $"component {Set} takes its Python packages from {path}, which cannot be read: {e.Message}" : $"{path}, which {File} names, cannot be read: {e.Message}", "paths are relative to stack.cs, and in a requirements file to that file", e);
            }
        }
    }
}

/// <summary>What such a file says.</summary>
/// <param name="Requirements">All of it.</param>
/// <param name="Digest">SHA-256 of everything that was read: the same when nothing was edited.</param>
/// <param name="Variables">Those of this host that stand in it, with their values.</param>
public sealed record RequestedDistributions(RequirementsFile Requirements, string Digest, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>A value that is shorter is no secret.</summary>
    private const int ShortestSecret = 8;

    /// <summary>Where the addresses lead that it names, by what a lock has of them.</summary>
    public IReadOnlyDictionary<string, Uri> Addresses =>
        Requirements.Entries.Select(DirectNames.ReferenceOf).OfType<DirectReference>().Where(static one => one.Path is null).DistinctBy(FromOf).ToDictionary(FromOf, static one => one.Address);

    /// <summary>What a lock has of an address: no names and passwords, and the variables that stand behind its host as variables.</summary>
    public string FromOf(DirectReference reference)
    {
        var url = DirectUrl.Of(reference, null).Url;
        var path = url.IndexOf('/', url.IndexOf("://", StringComparison.Ordinal) + 3) is > 0 and var slash ? slash : url.Length;
        return $"{(reference.IsRepository ? "git+" : "")}{url[..path]}{Named(url[path..], static value => value)}{(reference.Revision is { } revision ? $"@{Named(Escaped(revision), Escaped)}" : "")}";
    }

    /// <summary>With variables in the place of their values.</summary>
    private string Named(string text, Func<string, string> written) =>
        Variables.Where(static one => one.Value.Length >= ShortestSecret).OrderByDescending(static one => one.Value.Length).Aggregate(text, (rest, one) => rest.Replace(written(one.Value), $"${{{one.Key}}}", StringComparison.Ordinal));

    private static string Escaped(string revision) => string.Join('/', revision.Split('/').Select(Uri.EscapeDataString));
}
