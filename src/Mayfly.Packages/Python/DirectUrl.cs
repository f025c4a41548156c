using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Python;

/// <summary>Where an installed distribution came from, if not from an index: the file <c>direct_url.json</c> (PEP 610), written as pip writes it.</summary>
public sealed partial record DirectUrl
{
    public const string FileName = "direct_url.json";

    public required string Url { get; init; }

    /// <summary>Where in it the project is; null for its root.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>Of an archive: <c>sha256=…</c>; null for anything else.</summary>
    public string? Hash { get; init; }

    public bool IsFolder { get; init; }

    /// <summary>True for a folder that is used where it is.</summary>
    public bool IsEditable { get; init; }

    /// <summary>Of a repository: the system, the commit, and what was asked for, if that was something; null for anything else.</summary>
    public (string System, string Commit, string? Revision)? Repository { get; init; }

    /// <summary>What is written for something that is installed from there.</summary>
    /// <param name="reference">Where from.</param>
    /// <param name="sha256">Of the archive; null for a folder.</param>
    public static DirectUrl Of(DirectReference reference, string? sha256) => new()
    {
        Url = WithoutPassword(reference.Url, reference.IsRepository),
        Repository = reference.IsRepository ? ("git", reference.Commit ?? "", reference.Revision) : null,
        Subdirectory = reference.Subdirectory is { Length: > 0 } inside ? inside : null,
        IsFolder = reference.IsFolder,
        IsEditable = reference.IsEditable,
        Hash = !reference.HasDigest ? null : reference.Hash is { } said ? $"{said.Algorithm}={said.Digest}" : $"sha256={sha256}",
    };

    /// <summary>Null when it cannot be read: it says nothing then, as with pip.</summary>
    public static DirectUrl? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            var isFolder = root.TryGetProperty("dir_info", out var folder);
            return new DirectUrl
            {
                Url = root.GetProperty("url").GetString() ?? throw new JsonException(),
                Subdirectory = root.TryGetProperty("subdirectory", out var inside) ? inside.GetString() : null,
                IsFolder = isFolder,
                IsEditable = isFolder && folder.TryGetProperty("editable", out var editable) && editable.GetBoolean(),
                Hash = !root.TryGetProperty("archive_info", out var archive) ? null : archive.TryGetProperty("hash", out var hash) ? hash.GetString()
                    : archive.TryGetProperty("hashes", out var hashes) && hashes.EnumerateObject().FirstOrDefault() is { Value.ValueKind: JsonValueKind.String } first ? $"{first.Name}={first.Value.GetString()}" : null,
                Repository = root.TryGetProperty("vcs_info", out var vcs) ? (vcs.GetProperty("vcs").GetString() ?? throw new JsonException(), vcs.GetProperty("commit_id").GetString() ?? throw new JsonException(), vcs.TryGetProperty("requested_revision", out var revision) ? revision.GetString() : null) : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>As a requirement has it after the name and <c>@</c>.</summary>
    public string Requirement()
    {
        string[] fragments = [.. Hash is { } hash ? [hash] : Array.Empty<string>(), .. Subdirectory is { } inside ? [$"subdirectory={inside}"] : Array.Empty<string>()];
        return $"{(Repository is { } from ? $"{from.System}+{Url}@{from.Commit}" : Url)}{(fragments.Length > 0 ? $"#{string.Join('&', fragments)}" : "")}";
    }

    /// <summary>The file's text, byte for byte that of Python's <c>json.dumps(…, sort_keys=True)</c>.</summary>
    public override string ToString()
    {
        var info = Repository is { } from ? $"\"vcs_info\": {{\"commit_id\": {Quoted(from.Commit)}{(from.Revision is { } asked ? $", \"requested_revision\": {Quoted(asked)}" : "")}, \"vcs\": {Quoted(from.System)}}}" : null;
        var archive = IsFolder ? $"\"dir_info\": {{{(IsEditable ? "\"editable\": true" : "")}}}"
            : $"\"archive_info\": {{{(Hash?.Split('=', 2) is [var algorithm, var digest] ? $"\"hash\": {Quoted(Hash)}, \"hashes\": {{{Quoted(algorithm)}: {Quoted(digest)}}}" : "")}}}";
        var inside = Subdirectory is null ? "" : $"\"subdirectory\": {Quoted(Subdirectory)}, ";
        return info is null ? $"{{{archive}, {inside}\"url\": {Quoted(Url)}}}" : $"{{{inside}\"url\": {Quoted(Url)}, {info}}}";
    }

    /// <summary>Variables that stand for a password are none, and everybody is "git" to a server of repositories (PEP 610, "Security considerations").</summary>
    private static string WithoutPassword(string url, bool isRepository)
    {
        if (url.IndexOf("://", StringComparison.Ordinal) is not (> 0 and var scheme))
            return url;
        var end = url.AsSpan(scheme + 3).IndexOfAny('/', '?') is >= 0 and var length ? scheme + 3 + length : url.Length;
        var at = url.LastIndexOf('@', end - 1, end - scheme - 3);
        // Whom ssh lets in is part of where it is.
        if (at >= 0 && isRepository && url.StartsWith("ssh:", StringComparison.OrdinalIgnoreCase))
            return url.IndexOf(':', scheme + 3, at - scheme - 3) is > 0 and var colon ? $"{url[..colon]}{url[at..]}" : url;
        return at < 0 || (isRepository && url[(scheme + 3)..at] == "git") || Variables().IsMatch(url[(scheme + 3)..at]) ? url : $"{url[..(scheme + 3)]}{url[(at + 1)..]}";
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' or > '~' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^\$\{[A-Za-z0-9-_]+\}(:\$\{[A-Za-z0-9-_]+\})?$")]
    private static partial Regex Variables();
}
