using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Mayfly.Packages.Depots;

/// <summary>The pages that pip reads, of the wheels that a depot has: the simple repository API in HTML and in JSON (PEP 503, 592, 629, 658, 691, 700, 714).</summary>
/// <remarks>
/// They lie in <c>dists</c>, so that the one exchange that shows a new state shows them too, and each wheel beside the page that names it, so that its link is the
/// same whether the folder is reached as <c>simple/</c>, which is a link, or as <c>dists/simple/</c>. The same wheels give the same bytes: verifying makes them again.
/// </remarks>
internal static class SimplePages
{
    public const string Folder = "dists/simple";
    public const string Html = "index.html";
    public const string Json = "index.json";

    /// <summary>Of the protocol; 1.1 says sizes, times and versions (PEP 700).</summary>
    private const string Version = "1.1";

    /// <summary>All pages, by their paths in the depot.</summary>
    public static IEnumerable<(string Path, byte[] Bytes)> All(IReadOnlyList<DepotWheel> wheels)
    {
        if (wheels.Count == 0)
            yield break;
        var projects = wheels.GroupBy(static wheel => wheel.ReadName().Project.Text, StringComparer.Ordinal).OrderBy(static project => project.Key, StringComparer.Ordinal).ToArray();
        yield return ($"{Folder}/{Html}", Page("projects", projects.Select(static project => $"<a href=\"{project.Key}/\">{project.Key}</a>")));
        yield return ($"{Folder}/{Json}", Written(json =>
        {
            json.WriteStartArray("projects");
            foreach (var project in projects)
            {
                json.WriteStartObject();
                json.WriteString("name", project.Key);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
        foreach (var project in projects)
        {
            DepotWheel[] files = [.. project.Order(DepotWheel.Order)];
            yield return ($"{Folder}/{project.Key}/{Html}", Page(project.Key, files.Select(Link)));
            yield return ($"{Folder}/{project.Key}/{Json}", Written(json => Project(json, project.Key, files)));
        }
    }

    private static byte[] Page(string title, IEnumerable<string> links) => Encoding.UTF8.GetBytes(
        $"<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"pypi:repository-version\" content=\"{Version}\">\n<title>{title}</title>\n</head>\n<body>\n{string.Concat(links.Select(static link => $"{link}<br>\n"))}</body>\n</html>\n");

    private static string Link(DepotWheel wheel)
    {
        var text = new StringBuilder($"<a href=\"{Uri.EscapeDataString(wheel.File)}#sha256={wheel.Sha256}\"");
        if (wheel.RequiresPython.Length > 0)
            text.Append($" data-requires-python=\"{WebUtility.HtmlEncode(wheel.RequiresPython)}\"");
        // Not by the older name too: pips before 23.1 that know only that one refuse every project whose metadata write its name with capitals, and without it they read the wheel (PEP 714).
        text.Append($" data-core-metadata=\"sha256={wheel.MetadataSha256}\"");
        if (wheel.Yanked is { } reason)
            text.Append($" data-yanked=\"{WebUtility.HtmlEncode(reason)}\"");
        return text.Append($">{WebUtility.HtmlEncode(wheel.File)}</a>").ToString();
    }

    private static void Project(Utf8JsonWriter json, string name, DepotWheel[] files)
    {
        json.WriteString("name", name);
        json.WriteStartArray("versions");
        foreach (var version in files.Select(static wheel => wheel.ReadName().Version.ToString()).Distinct())
            json.WriteStringValue(version);
        json.WriteEndArray();
        json.WriteStartArray("files");
        foreach (var wheel in files)
        {
            json.WriteStartObject();
            json.WriteString("filename", wheel.File);
            json.WriteString("url", Uri.EscapeDataString(wheel.File));
            Hashes(json, "hashes", wheel.Sha256);
            json.WriteNumber("size", wheel.Size);
            json.WriteString("upload-time", wheel.Published.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            if (wheel.RequiresPython.Length > 0)
                json.WriteString("requires-python", wheel.RequiresPython);
            Hashes(json, "core-metadata", wheel.MetadataSha256);
            if (wheel.Yanked is { Length: > 0 } reason)
                json.WriteString("yanked", reason);
            else
                json.WriteBoolean("yanked", wheel.Yanked is not null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Hashes(Utf8JsonWriter json, string name, string sha256)
    {
        json.WriteStartObject(name);
        json.WriteString("sha256", sha256);
        json.WriteEndObject();
    }

    private static byte[] Written(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("meta");
            json.WriteString("api-version", Version);
            json.WriteEndObject();
            write(json);
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}
