using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Mayfly.Cli;

/// <summary>Says in one message why a script does not build, and knows the traps that lie in a folder's build files.</summary>
internal static partial class BuildFailure
{
    private const int Shown = 5;

    public static MayflyException Explain(string script, string output)
    {
        var folder = Path.GetDirectoryName(script)!;
        var name = Near(script);
        if (output.Contains("No .NET SDKs were found", StringComparison.Ordinal) || output.Contains("A compatible .NET SDK was not found", StringComparison.Ordinal))
        {
            var asked = Above(folder, "global.json");
            return new MayflyException(asked is null ? "there is no .NET SDK on this machine, only its runtime" : $"no .NET SDK on this machine is one that {asked} asks for",
                "install the .NET 10 SDK (https://dot.net); dotnet --list-sdks shows what is there");
        }

        var lines = ErrorLine().Matches(output).Select(match => match).DistinctBy(match => match.Value).ToList();
        if (lines is [])
            return new MayflyException($"{name} cannot be built: {LastLine(output)}", $"dotnet build {name} shows all of it");

        string[] codes = [.. lines.Select(line => line.Groups["code"].Value)];
        // NuGet: 1008 a version in the script under central versions, 1010 none in the central versions.
        if (codes.Any(code => code is "NU1008" or "NU1010") && Above(folder, "Directory.Packages.props") is { } central)
        {
            return new MayflyException($"{central} decides about the packages of {name}, and does not know Mayfly",
                $"mayfly new --build-files {Near(folder)} writes build files for the script alone");
        }

        // NuGet: 1015 no version in the script, and none that central versions would give it.
        if (codes.Contains("NU1015") && output.Contains("ayfly", StringComparison.Ordinal))
        {
            return new MayflyException($"{name} does not say which version of Mayfly it is for, and no build files in {Near(folder)} or above do",
                $"mayfly new --build-files {Near(folder)} writes those that point to this mayfly");
        }

        if (codes.Any(code => code is "NU1101" or "NU1102" or "NU1301" or "MSB4019") && output.Contains("ayfly", StringComparison.Ordinal))
        {
            return new MayflyException($"the Mayfly packages that {name} refers to are not to be had:\n  {lines[0].Groups["message"].Value}",
                "run ./mayfly in your clone once, it packs them; mayfly new --build-files points a folder to that clone");
        }

        var inherited = Above(Path.GetDirectoryName(folder), "Directory.Build.props") is { } props && SaysSomething(props) && !File.Exists(Path.Combine(folder, "Directory.Build.props")) ? props : null;
        var text = string.Join('\n', lines.Take(Shown).Select(Line));
        if (lines.Count > Shown)
            text += $"\n  and {lines.Count - Shown} more";
        return new MayflyException($"{name} does not compile:\n{text}",
            inherited is null ? "mend the first line that is named, the others often follow from it"
                : $"{inherited} applies to the script too; mayfly new --build-files keeps it out");
    }

    private static string Line(Match line)
    {
        var message = $"{line.Groups["message"].Value} ({line.Groups["code"].Value})";
        return line.Groups["line"].Success
            ? $"  {Near(line.Groups["file"].Value)}:{line.Groups["line"].Value}:{line.Groups["column"].Value}: {message}"
            : $"  {message}";
    }

    /// <summary>A path as people would name it from here: the shorter of both ways.</summary>
    public static string Near(string path) =>
        Path.GetRelativePath(Directory.GetCurrentDirectory(), path) is var relative && relative.Length < path.Length ? relative : path;

    /// <summary>False for an empty project, which stands there to keep those above it away.</summary>
    private static bool SaysSomething(string props)
    {
        try
        {
            return XDocument.Load(props).Root is { HasElements: true };
        }
        catch (XmlException)
        {
            return true;
        }
    }

    private static string LastLine(string output) =>
        output.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? "the build said nothing";

    /// <summary>The nearest file of this name in the folder or above it.</summary>
    public static string? Above(string? folder, string name)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }

        return null;
    }

    [GeneratedRegex(@"^\s*(?<file>[^\n(]*?)(\((?<line>\d+),(?<column>\d+)\))?\s*: error (?<code>[A-Z]+\d+): (?<message>[^\n]*?)(\s\[[^\]\n]*\])?\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorLine();
}
