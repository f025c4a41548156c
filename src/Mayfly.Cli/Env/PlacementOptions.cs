using System.CommandLine;
using Mayfly.Environments;
using Mayfly.Packages;

namespace Mayfly.Cli.Env;

/// <summary>How an environment gets the files of what comes, for every verb that installs.</summary>
internal sealed class PlacementOptions
{
    private readonly Option<bool> _compile = new("--compile") { Description = "Compile modules as they come; else Python does as it first loads them" };

    private readonly Option<string?> _links = Links();

    private PlacementOptions()
    {
    }

    public static PlacementOptions AddTo(Command command)
    {
        var options = new PlacementOptions();
        command.Add(options._compile);
        command.Add(options._links);
        return options;
    }

    /// <exception cref="UsageException">There is no such mode.</exception>
    public Placement Read(ParseResult result) => new() { Compiles = result.GetValue(_compile), Links = Read(result, _links) };

    /// <summary>The second one by itself.</summary>
    public static Option<string?> Links()
    {
        var option = new Option<string?>("--link-mode") { Description = "hardlink: files are the store's, read-only and shared; copy: its own. Remembered; copy at first", HelpName = "MODE" };
        option.CompletionSources.Add([.. Modes]);
        return option;
    }

    /// <summary>Null when nothing is said.</summary>
    /// <exception cref="UsageException">There is no such mode.</exception>
    public static LinkMode? Read(ParseResult result, Option<string?> option)
    {
        if (result.GetValue(option) is not { } said)
            return null;
        return Enum.GetValues<LinkMode>().Zip(Modes).Where(pair => pair.Second == said).Select(static pair => (LinkMode?)pair.First).FirstOrDefault()
            ?? throw new UsageException($"'{said}' is no link mode", Spelling.Near(Modes, said, count: 1) is [var nearest] ? $"did you mean {nearest}?" : $"there are {string.Join(" and ", Modes)}");
    }

    private static string[] Modes => [.. Enum.GetNames<LinkMode>().Select(static name => name.ToLowerInvariant())];
}
