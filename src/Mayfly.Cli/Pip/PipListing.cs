using System.Text.Encodings.Web;
using System.Text.Json;
using Mayfly.Environments;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Pip;

/// <summary><c>pip list</c>, <c>pip freeze</c> and <c>pip show</c>.</summary>
internal static class PipListing
{
    public static int List(PipArguments arguments, VirtualEnvironment environment, TextWriter output, TextWriter error)
    {
        var all = Without(arguments, PipDistribution.All(environment));
        switch (arguments.Last("--format") ?? "columns")
        {
            case "columns":
                Columns(all, output);
                return ExitCode.Done;
            case "freeze":
                foreach (var one in all)
                    output.WriteLine($"{one.Name}=={one.Version}");
                return ExitCode.Done;
            case "json":
                output.WriteLine($"[{string.Join(", ", all.Select(static one => $"{{\"name\": {Quoted(one.Name)}, \"version\": {Quoted(one.Version)}{(one.EditableLocation is { } place ? $", \"editable_project_location\": {Quoted(place)}" : "")}}}"))}]");
                return ExitCode.Done;
            case var other:
                error.WriteLine($"\nUsage:   \n  pip list [options]\n\noption --format: invalid choice: '{other}' (choose from 'columns', 'freeze', 'json')");
                return ExitCode.Misused;
        }
    }

    public static int Freeze(PipArguments arguments, VirtualEnvironment environment, TextWriter output)
    {
        // What environments of old begin with; since 3.12 that is pip alone.
        string[] skipped = arguments.Has("--all") ? [] : environment is { Loss: null, Interpreter.Minor: >= 12 } ? ["pip"] : ["pip", "setuptools", "distribute", "wheel"];
        foreach (var one in Without(arguments, PipDistribution.All(environment)).Where(one => !skipped.Contains(one.Installed.Project.Text)).OrderBy(static one => one.Name.ToLowerInvariant(), StringComparer.Ordinal))
            output.WriteLine(one.Frozen());

        return ExitCode.Done;
    }

    public static int Show(PipArguments arguments, VirtualEnvironment environment, TextWriter output, TextWriter error)
    {
        if (arguments.Words is [])
        {
            error.WriteLine("WARNING: ERROR: Please provide a package name or names.");
            return ExitCode.Failed;
        }

        var (all, markers) = (PipDistribution.All(environment), environment.Loss is null ? environment.Interpreter.Target.Markers : null);
        string[] missing = [.. arguments.Words.Where(name => Find(all, name) is null).Order(StringComparer.Ordinal)];
        if (missing.Length > 0)
            error.WriteLine($"WARNING: Package(s) not found: {string.Join(", ", missing)}");
        var shown = 0;
        foreach (var one in arguments.Words.Select(name => Find(all, name)).OfType<PipDistribution>())
        {
            if (shown++ > 0)
                output.WriteLine("---");
            output.WriteLine($"Name: {one.Name}\nVersion: {one.Version}\nSummary: {one.Field("Summary")}\nHome-page: {one.Field("Home-page")}\nAuthor: {one.Field("Author")}\nAuthor-email: {one.Field("Author-email")}\nLicense: {one.Field("License")}\nLocation: {one.Location}");
            if (one.EditableLocation is { } place)
                output.WriteLine($"Editable project location: {place}");
            output.WriteLine($"Requires: {Sorted(one.NeedsHere(markers).Select(PipDistribution.NameOf))}");
            output.WriteLine($"Required-by: {Sorted(all.Where(other => other.NeedsHere(markers).Any(need => ProjectName.Parse(PipDistribution.NameOf(need)) == one.Installed.Project)).Select(static other => other.Name))}");
            if (!arguments.Has("--files"))
                continue;
            output.WriteLine("Files:");
            if (one.Installed is { Files: [], FilesOfOld: null })
                output.WriteLine("Cannot locate RECORD or installed-files.txt");
            foreach (var file in (one.Installed.FilesOfOld ?? one.Installed.Files).Order(StringComparer.Ordinal))
                output.WriteLine($"  {file}");
        }

        return shown > 0 ? ExitCode.Done : ExitCode.Failed;

        static string Sorted(IEnumerable<string> names) => string.Join(", ", names.OrderBy(static name => name.ToLowerInvariant(), StringComparer.Ordinal));
    }

    public static PipDistribution? Find(IReadOnlyList<PipDistribution> all, string name) => ProjectName.IsValid(name) ? all.FirstOrDefault(one => one.Installed.Project == ProjectName.Parse(name)) : null;

    private static PipDistribution[] Without(PipArguments arguments, IReadOnlyList<PipDistribution> all)
    {
        var excluded = arguments.All("--exclude").Where(static name => ProjectName.IsValid(name)).Select(static name => ProjectName.Parse(name)).ToHashSet();
        return [.. all.Where(one => !excluded.Contains(one.Installed.Project))];
    }

    private static void Columns(IReadOnlyList<PipDistribution> all, TextWriter output)
    {
        if (all is [])
            return;
        string[] header = ["Package", "Version", .. all.Any(static one => one.EditableLocation is not null) ? ["Editable project location"] : Array.Empty<string>()];
        string[][] rows = [.. all.Select(one => (string[])[one.Name, one.Version, .. header.Length > 2 ? [one.EditableLocation ?? ""] : Array.Empty<string>()])];
        int[] widths = [.. header.Select((title, column) => rows.Max(row => row[column].Length) is var widest && widest > title.Length ? widest : title.Length)];
        string[][] lines = [header, [.. widths.Select(static width => new string('-', width))], .. rows];
        foreach (var row in lines)
            output.WriteLine(string.Join(' ', row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.Default)}\"";
}
