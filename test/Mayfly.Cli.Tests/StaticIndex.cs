using System.Net;
using System.Security.Cryptography;

namespace Mayfly.Cli.Tests;

/// <summary>An index in a folder, as any static server would serve it: <c>index/PROJECT/index.html</c> (PEP 503).</summary>
internal static class StaticIndex
{
    /// <summary>Writes it of what is in a folder, and gives its address.</summary>
    /// <param name="folder">Where the index comes to be.</param>
    /// <param name="files">The folder with wheels and source distributions.</param>
    /// <param name="yanked">Reasons, by file name.</param>
    public static string Write(string folder, string files, IReadOnlyDictionary<string, string>? yanked = null)
    {
        foreach (var project in Directory.GetFiles(files).Order(StringComparer.Ordinal).GroupBy(static path => ProjectOf(Path.GetFileName(path))))
        {
            var links = project.Select(path => $"<a href=\"{new Uri(path).AbsoluteUri}#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}\"{(yanked?.GetValueOrDefault(Path.GetFileName(path)) is { } why ? $" data-yanked=\"{WebUtility.HtmlEncode(why)}\"" : "")}>{Path.GetFileName(path)}</a>");
            File.WriteAllText($"{Directory.CreateDirectory($"{folder}/{project.Key}").FullName}/index.html", $"<!DOCTYPE html><html><body>{string.Join("<br>\n", links)}</body></html>");
        }

        return $"file://{folder}/";
    }

    private static string ProjectOf(string file) => string.Join('-', file[..file.IndexOf('-')].ToLowerInvariant().Split('-', '_', '.'));
}
