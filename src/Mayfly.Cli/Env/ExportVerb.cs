using System.CommandLine;
using System.Text;
using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Verbs;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env export</c></summary>
internal static class ExportVerb
{
    public static Command Create()
    {
        var environment = EnvironmentOption.Create();
        var file = new Option<string?>("--lock") { Description = "Write what this lock says, and not what an environment has", HelpName = "FILE" };
        var format = new Option<string>("--format") { Description = "requirements, which pip installs exactly, or pylock (PEP 751), which needs a lock", HelpName = "FORMAT", DefaultValueFactory = static _ => "requirements" };
        format.AcceptOnlyFromAmong("requirements", "pylock");
        var to = new Option<string?>("--output", "-o") { Description = "The file to write; standard output unless given", HelpName = "FILE" };
        var command = new ExampledCommand("export", "Write exact versions with digests for other tools", "mayfly env export --lock pylock.toml -o requirements.txt", "mayfly env export --env shop") { environment, file, format, to };
        command.SetAction(result =>
        {
            if (result.GetValue(format) == "pylock" && result.GetValue(file) is null)
                throw new UsageException("an environment does not know the addresses that a pylock file has", "name the lock with --lock, or write one: mayfly env lock");
            var text = result.GetValue(file) is not { } path ? Installed(environment.Read(result, Store.Open()))
                : result.GetValue(format) == "pylock" ? LockFiles.Read(path).ToString() : Locked(LockFiles.Read(path));
            if (result.GetValue(to) is { } output)
                OutputFile.Write(output, Encoding.UTF8.GetBytes(text));
            else
                result.InvocationConfiguration.Output.Write(text);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Locked(Pylock from)
    {
        var digests = HasDigests(from.Packages.Where(static package => package.Direct?.Direct is { HasDigest: false }).Select(static package => package.Name));
        foreach (var package in from.Packages.Where(static package => package is { Direct.Direct.IsEditable: true, Marker: not null }))
            Console.Error.WriteLine($"note: pip takes no marker with -e, so {package.Name} is to be installed from its folder and not used where it is");
        return string.Concat(from.Packages.Select(package =>
        {
            var when = package.Marker is { } marker ? $" ; {marker}" : "";
            return package.Direct is { Direct: { } direct } file ? RequirementsExport.Line(direct, package.Name.Text, digests ? file : file with { Hashes = new Dictionary<string, string>() }, when)
                : RequirementsExport.Line($"{package.Name}=={package.Exact}{when}", digests ? package.Wheels.Append(package.Source).Select(static one => one?.Hashes.GetValueOrDefault("sha256")).OfType<string>() : []);
        }));
    }

    private static string Installed(VirtualEnvironment environment)
    {
        var (text, record) = (new StringBuilder(), EnvironmentRecord.Read(environment.Root));
        var digests = HasDigests(environment.Installed().Where(static one => one.Origin is { IsFolder: true } or { Repository: not null }).Select(static one => one.Project));
        foreach (var one in environment.Installed().Where(static one => !one.IsSeed))
        {
            if (one.Origin is { } origin)
            {
                text.Append(origin.IsEditable ? $"-e {DirectReference.Read(origin.Url).Path}\n" : $"{one.Project} @ {origin.Requirement()}\n");
                continue;
            }

            var digest = record?.SourceOf(one, environment.PackagesFolder) ?? record?.WheelOf(one, environment.PackagesFolder) ?? throw new MayflyException($"{one.Project} {one.Version} was not installed by mayfly, so the digest of its file is not known",
                $"install it anew (mayfly env install --force-reinstall {one.Project}=={one.Version}), or leave digests out: mayfly env freeze");
            text.Append(RequirementsExport.Line($"{one.Project}=={one.Version}", digests ? [digest] : []));
        }

        return text.ToString();
    }

    /// <summary>False where one is a folder, which has none: pip takes digests of all or of none.</summary>
    private static bool HasDigests(IEnumerable<ProjectName> folders)
    {
        if (folders.ToArray() is not { Length: > 0 } those)
            return true;
        Console.Error.WriteLine($"note: no digests are written, for pip takes them of all or of none, and {string.Join(", ", those)} {(those.Length == 1 ? "is no file" : "are no files")}");
        return false;
    }
}
