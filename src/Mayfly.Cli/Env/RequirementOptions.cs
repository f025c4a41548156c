using System.CommandLine;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>What is asked for and where it comes from, in pip's words, for every verb that resolves.</summary>
internal sealed class RequirementOptions
{
    /// <summary>The place of what was typed, for messages.</summary>
    private const string Typed = "command line";

    private readonly Argument<string[]>? _packages;
    private readonly Option<string[]> _files = new("--requirement", "-r") { Description = "Install what this file asks for; pyproject.toml: what the project needs", HelpName = "FILE", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string[]> _limits = new("--constraint", "-c") { Description = "Take only versions that this file allows", HelpName = "FILE" };
    private readonly Option<string[]> _editable = new("--editable", "-e") { Description = "Install a project from where it is worked on", HelpName = "FOLDER" };
    private readonly Option<string?> _index = new("--index-url", "-i") { Description = "The index to ask; pip's own unless given", HelpName = "ADDRESS" };
    private readonly Option<string[]> _further = new("--extra-index-url") { Description = "An index to ask first: a project comes from the first one that has it", HelpName = "ADDRESS" };
    private readonly Option<string[]> _links = new("--find-links", "-f") { Description = "A folder or a page with files, before every index", HelpName = "PLACE" };
    private readonly Option<string[]> _bound = new("--index-for") { Description = "A project, and the one index that it comes from", HelpName = "PROJECT=ADDRESS" };
    private readonly Option<bool> _noIndex = new("--no-index") { Description = "Ask no index" };
    private readonly Option<bool> _pre = new("--pre") { Description = "Take pre-releases as readily as releases" };
    private readonly Option<bool> _prefer = new("--prefer-binary") { Description = "Take an older wheel rather than newer sources" };
    private readonly Option<bool> _hashes = new("--require-hashes") { Description = "Take nothing that has no --hash" };
    private readonly Option<string[]> _sources = new("--no-binary") { Description = "Projects that are built from sources, :all: or :none:", HelpName = "PROJECTS" };
    private readonly Option<string[]> _wheels = new("--only-binary") { Description = "Projects of which wheels alone are taken, :all: or :none:", HelpName = "PROJECTS" };
    private readonly Option<string[]> _builds = BuildOption.Create();
    private readonly Option<string[]> _settings = BuildOption.Settings();
    private readonly Option<string[]> _overrides = new("--override") { Description = "A requirement that stands for whatever projects say of it", HelpName = "REQUIREMENT" };

    private readonly NetworkOptions _network;

    private RequirementOptions(Argument<string[]>? packages, NetworkOptions network) => (_packages, _network) = (packages, network);

    /// <summary>Adds them to a verb.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="packages">True when requirements may be typed.</param>
    public static RequirementOptions AddTo(Command command, bool packages = true)
    {
        var options = new RequirementOptions(packages ? new Argument<string[]>("PACKAGES") { Description = "Requirements: django, 'django>=4.2', django[argon2]", Arity = ArgumentArity.ZeroOrMore } : null, NetworkOptions.AddTo(command));
        if (options._packages is { } argument)
            command.Add(argument);
        foreach (var option in (Option[])[options._files, options._limits, options._editable, options._index, options._further, options._bound, options._links, options._noIndex, options._pre, options._prefer, options._hashes, options._sources, options._wheels, options._builds, options._settings, options._overrides])
            command.Add(option);
        return options;
    }

    /// <summary>True when nothing is asked for.</summary>
    public bool IsEmpty(ParseResult result) => Typings(result) is [] && result.GetValue(_files) is null or [] && result.GetValue(_editable) is null or [];

    public IReadOnlyList<DependencySpecifier> Overrides(ParseResult result) => [.. (result.GetValue(_overrides) ?? []).Select(static text => DependencySpecifier.Parse(text))];

    /// <summary>Projects that come from one index alone.</summary>
    public IReadOnlyDictionary<ProjectName, Uri> Bound(ParseResult result)
    {
        var bound = new Dictionary<ProjectName, Uri>();
        foreach (var text in result.GetValue(_bound) ?? [])
        {
            if (text.Split('=', 2) is not [var project, var index] || !ProjectName.IsValid(project))
                throw new UsageException($"'{text}' does not say which index a project comes from", "write --index-for PROJECT=ADDRESS");
            bound[ProjectName.Parse(project)] = PythonRequirements.IndexAddress(index);
        }

        return bound;
    }

    /// <summary>All of it as one requirements file: pip's configuration, then what was typed, then the files.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="environment">The environment's path, which may have a configuration of its own; null for none.</param>
    /// <param name="otherwise">Files that are meant where none is named.</param>
    public RequirementsFile Read(ParseResult result, string? environment, IReadOnlyList<string>? otherwise = null)
    {
        var configuration = PipConfiguration.OfHost(environment);
        string[] limits = [.. configuration.Constraints, .. result.GetValue(_limits) ?? []];
        string[] files = result.GetValue(_files) is { Length: > 0 } named ? named : [.. otherwise ?? []];
        var typed = new RequirementsFile
        {
            Entries = [.. Typings(result).Select(static text => Entry(text, false)), .. (result.GetValue(_editable) ?? []).Select(static text => Entry(text, true))],
            Index = result.GetValue(_index),
            FurtherIndexes = result.GetValue(_further) ?? [],
            NoIndex = result.GetValue(_noIndex),
            FindLinks = [.. (result.GetValue(_links) ?? []).Select(static place => (Typed, place))],
            Formats = [.. (result.GetValue(_sources) ?? []).Select(static projects => (false, projects)), .. (result.GetValue(_wheels) ?? []).Select(static projects => (true, projects))],
            RequiresHashes = result.GetValue(_hashes),
            PreReleases = result.GetValue(_pre),
            PrefersWheels = result.GetValue(_prefer),
            Access = _network.Read(result),
            Builds = BuildOption.Read(result, _builds),
            Settings = BuildOption.ReadSettings(result, _settings),
        };
        var all = configuration.Options.And(typed);
        var access = PythonRequirements.AccessOf(all);
        foreach (var file in files)
            all = all.And(RequirementFiles.Read(file, access));
        foreach (var file in limits)
            all = all.And(RequirementFiles.Read(file, access).AsConstraints());

        return all;
    }

    private string[] Typings(ParseResult result) => _packages is null ? [] : result.GetValue(_packages) ?? [];

    private static RequirementsEntry Entry(string text, bool editable) => new() { File = Typed, Line = 0, Text = text, IsEditable = editable };
}
