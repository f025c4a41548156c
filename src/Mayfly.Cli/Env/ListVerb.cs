using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env list</c></summary>
internal static class ListVerb
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "An environment, for what is installed in it", Arity = ArgumentArity.ZeroOrOne };
        var environment = EnvironmentOption.Create();
        var json = CommonOptions.Json();
        var command = new ExampledCommand("list", "List the environments, or what is installed in one", "mayfly env list", "mayfly env list shop") { name, environment, json };
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            if ((result.GetValue(name) ?? result.GetValue(environment)) is { } one)
                Packages(EnvironmentOption.Read(EnvironmentOption.PathOf(one), Store.Open()), result.GetValue(json), output);
            else
                Environments(result.GetValue(json), output);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Environments(bool json, TextWriter output)
    {
        var (places, store) = (EnvironmentPlaces.OfHost(), Store.Open());
        ListedEnvironment[] rows = [.. places.All().Select(path => Row(path, places, store))];
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(rows, ListJson.Default.ListedEnvironmentArray));
            return;
        }

        var width = rows.Select(static row => row.Name.Length).Append(0).Max() + 2;
        foreach (var row in rows)
            output.WriteLine($"{(row.Active ? "* " : "  ")}{row.Name.PadRight(width)}{row.Interpreter,-15}{(row.Python is null ? "," : "")} {Counted.Of(row.Packages, "package")}");
        if (rows is [])
            Console.Error.WriteLine($"no environments in {places.Home} yet; mayfly env create NAME makes one");
    }

    private static ListedEnvironment Row(string path, EnvironmentPlaces places, Store store)
    {
        var environment = VirtualEnvironment.Read(path, store);
        var interpreter = environment.Loss is null ? environment.Interpreter : null;
        return new ListedEnvironment(Path.GetFileName(path), path, interpreter?.Target.Markers.PythonFullVersion, environment.Installed().Count, path == places.Active) { Interpreter = interpreter?.Name ?? environment.Loss!.What };
    }

    private static void Packages(VirtualEnvironment environment, bool json, TextWriter output)
    {
        ListedDistribution[] rows = [.. environment.Installed().Select(static one => new ListedDistribution(one.Project.Text, one.Version.ToString(), one.IsRequested, one.Installer, one.Metadata.Summary))];
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(rows, ListJson.Default.ListedDistributionArray));
            return;
        }

        var (name, version) = (rows.Select(static row => row.Name.Length).Append(0).Max() + 2, rows.Select(static row => row.Version.Length).Append(0).Max() + 2);
        foreach (var row in rows)
            output.WriteLine($"{row.Name.PadRight(name)}{row.Version.PadRight(version)}{(row.Requested ? "" : "for another  ")}{row.Summary}".TrimEnd());
        if (rows is [])
            Console.Error.WriteLine("nothing is installed in it yet; mayfly env install PACKAGES installs");
    }
}

/// <param name="Python">Null when its interpreter is gone, or is another one.</param>
internal sealed record ListedEnvironment(string Name, string Path, string? Python, int Packages, bool Active)
{
    /// <summary>Of which kind it is, and which version; or what has become of it.</summary>
    [JsonIgnore]
    public string Interpreter { get; init; } = "";
}

internal sealed record ListedDistribution(string Name, string Version, bool Requested, string Installer, string Summary);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ListedEnvironment[]))]
[JsonSerializable(typeof(ListedDistribution[]))]
internal sealed partial class ListJson : JsonSerializerContext;
