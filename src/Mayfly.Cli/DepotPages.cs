using Mayfly.Packages.Python;
using Microsoft.Net.Http.Headers;

namespace Mayfly.Cli;

/// <summary>A page for pip that a request asks for.</summary>
/// <param name="File">The file of the depot that it is.</param>
/// <param name="Type">What it is called (PEP 691); null for a file beside a page.</param>
/// <param name="Redirect">Where it is instead; null where it is asked for by its own address.</param>
internal sealed record DepotPages(string File, string? Type, string? Redirect = null)
{
    private const string Json = "application/vnd.pypi.simple.v1+json", Html = "application/vnd.pypi.simple.v1+html", Plain = "text/html";

    /// <summary>Null for what is no page.</summary>
    /// <param name="path">The path that is asked for, without a slash at its beginning.</param>
    /// <param name="accept">What the request accepts, as it says it.</param>
    /// <param name="format">What it asks for in its address, which counts more.</param>
    public static DepotPages? Find(string path, string accept, string? format)
    {
        var below = path is "simple" || path.StartsWith("simple/", StringComparison.Ordinal) ? path["simple".Length..]
            : path is "dists/simple" || path.StartsWith("dists/simple/", StringComparison.Ordinal) ? path["dists/simple".Length..] : null;
        if (below is null)
            return null;
        // A file beside a page: a wheel, its metadata.
        if (below.Split('/') is ["", var project, { Length: > 0 } file])
            return path.StartsWith("dists/", StringComparison.Ordinal) ? null : new DepotPages($"dists/simple/{project}/{file}", null);
        var name = below.Trim('/');
        if (name.Length > 0 && !ProjectName.IsValid(name))
            return null;
        var root = path[..^below.Length];
        var meant = name.Length == 0 ? $"{root}/" : $"{root}/{ProjectName.Parse(name)}/";
        if (path != meant)
            return new DepotPages("", null, meant);
        var type = Chosen(format is { Length: > 0 } ? format : accept);
        return new DepotPages($"dists/simple/{(name.Length == 0 ? "" : $"{name}/")}index.{(type == Json ? "json" : "html")}", type == Plain ? "text/html; charset=utf-8" : type);
    }

    /// <summary>The form that is liked best; of those that are liked alike, the one that says most.</summary>
    private static string Chosen(string accept)
    {
        if (!MediaTypeHeaderValue.TryParseList([accept], out var all))
            return Plain;
        return ((string[])[Json, Html, Plain]).Select(form => (Form: form, Quality: all.Where(one => Means(one.MediaType.Value ?? "", form)).Select(static one => one.Quality ?? 1).DefaultIfEmpty(0).Max()))
            .Where(static one => one.Quality > 0).OrderByDescending(static one => one.Quality).Select(static one => one.Form).FirstOrDefault() ?? Plain;
    }

    /// <summary><c>latest</c> is what is newest; whoever takes anything is a browser, mostly.</summary>
    private static bool Means(string asked, string form) =>
        asked.Replace(".latest+", ".v1+", StringComparison.OrdinalIgnoreCase).Equals(form, StringComparison.OrdinalIgnoreCase) || (form == Plain && asked is "*/*" or "text/*");
}
