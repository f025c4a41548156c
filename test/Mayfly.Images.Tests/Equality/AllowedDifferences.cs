using System.Text.RegularExpressions;

namespace Mayfly.Images.Tests.Equality;

/// <summary>One line of the documented list: where our tree may differ from mmdebstrap's, in what, and why.</summary>
/// <param name="Path">An exact path, or one whose last part has a <c>*</c>: <c>/dev/*</c>.</param>
/// <param name="Aspects">What is overlooked there: <c>existence</c>, <c>contents</c>, <c>owner</c>, <c>mode</c>, or <c>field N</c> and others that only <see cref="ComparableText"/> knows.</param>
internal sealed record AllowedDifference(string Path, IReadOnlyList<string> Aspects, string Reason)
{
    public bool Covers(string path) => (path == $"{Path}.pub" && Aspects.Contains("its .pub")) || (Path.IndexOf('*') is var star and >= 0
        ? path.Length >= Path.Length - 1 && path.StartsWith(Path[..star], StringComparison.Ordinal) && path.EndsWith(Path[(star + 1)..], StringComparison.Ordinal) && path.IndexOf('/', star) < 0
        : path == Path);
}

/// <summary>The list as the documentation has it: there is no other.</summary>
internal static partial class AllowedDifferences
{
    public static readonly string Path = FindDocument(AppContext.BaseDirectory);

    public static readonly IReadOnlyList<AllowedDifference> All = Read();

    private static string FindDocument(string folder) =>
        File.Exists($"{folder}/Mayfly.slnx") ? $"{folder}/docs/concepts/same-tree.md" : FindDocument(System.IO.Path.GetDirectoryName(folder)!);

    private static IReadOnlyList<AllowedDifference> Read()
    {
        return [.. File.ReadLines(Path).Select(static line => Row().Match(line)).Where(static row => row.Success)
            .Select(static row => new AllowedDifference(row.Groups[1].Value, row.Groups[2].Value.Replace("`", "").Split(", "), row.Groups[3].Value))];
    }

    [GeneratedRegex(@"^\| `(/[^`]*)` \| ([^|]+) \| ([^|]+) \|$")]
    private static partial Regex Row();
}
