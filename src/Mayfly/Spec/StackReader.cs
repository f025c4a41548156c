using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Spec;

/// <summary>
/// Reads a declared stack into its spec and refuses what cannot work: doubled names, cycles, replicas that would share data,
/// components without a machine. It looks at the files that the stack supplies but changes nothing.
/// </summary>
internal static partial class StackReader
{
    /// <summary>Folders' contents that never belong into an image.</summary>
    private static readonly string[] NeverCopied = ["__pycache__", "*.pyc", ".git", ".venv", "*.swp", ".DS_Store"];

    /// <exception cref="MayflyException">The stack cannot work; the message names the component and the hint the remedy.</exception>
    public static StackSpec Read(Stack stack)
    {
        RequireNames(stack);
        var ordered = StartOrder.Of(stack.Components);
        foreach (var component in ordered)
            component.Complete();
        var (machines, placement) = PlacementReader.Read(stack);
        var secrets = new SortedDictionary<string, SecretSpec>(StringComparer.Ordinal);
        foreach (var own in stack.Components.SelectMany(component => component.OwnSecrets))
            secrets[own.Secret] = new SecretSpec(own.Secret, SecretSource.Generated, "");
        var components = ordered.Select(component => Read(component, secrets)).ToList();
        return new StackSpec
        {
            Name = stack.Name,
            Zone = stack.Zone,
            Release = stack.Release,
            Folder = stack.Folder,
            ScriptDigest = File.Exists(stack.Script) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(stack.Script))) : "",
            Components = components,
            Machines = machines,
            Placement = placement,
            Published = Published(stack),
            Secrets = [.. secrets.Values],
            Licences = stack.Licences.Policy,
        };
    }

    private static ComponentSpec Read(Component component, SortedDictionary<string, SecretSpec> secrets)
    {
        if (component.Command.Count == 0)
            throw new MayflyException($"component {component.Name} says nothing of what to run", $"add .Run(\"program\", \"--in-the-foreground\") to {component.Name}");
        if (component.Data.GroupBy(volume => volume.Path).FirstOrDefault(group => group.Count() > 1) is { } doubled)
            throw new MayflyException($"component {component.Name} owns {doubled.Key} twice", "declare each data directory once");

        var (environment, uses) = Environment(component, secrets);
        LiteralPeers.RequireNone($"component {component.Name}", environment);
        return new ComponentSpec
        {
            Name = component.Name,
            Packages = [.. component.Packages.Distinct().Order(StringComparer.Ordinal)],
            Recommends = component.Recommends,
            Environments = Environments(component),
            Recipe = Recipe(component),
            Uses = [.. component.Used.Select(used => used.Name).Distinct()],
            Migrations = component.Migrations,
            Instance = new InstanceSpec
            {
                Stack = component.Stack.Name,
                Component = component.Name,
                Replica = 1,
                Machine = "",
                Key = "",
                Image = "",
                Layers = [],
                Command = component.Command,
                Prepare = component.Prepare,
                User = component.User ?? "root",
                WorkingDirectory = component.WorkingDirectory ?? "/",
                Environment = environment,
                Secrets = uses,
                Volumes = component.Data,
                RuntimeDirectories = component.RuntimeDirectories,
                Ports = component.Ports,
                Health = component.Health,
                Capabilities = component.Capabilities,
                StopSignal = component.StopSignal ?? "SIGTERM",
                StopTimeout = component.StopTimeout ?? TimeSpan.FromSeconds(10),
            },
        };
    }

    private static List<EnvironmentRequest> Environments(Component component)
    {
        var found = new List<EnvironmentRequest>();
        foreach (var (file, into, _, allowBuild) in component.Environments)
        {
            if (into.Length < 2 || !LockFile.IsPoolPath(into.AsSpan(1)) || into[0] != '/')
                throw new MayflyException($"component {component.Name} has Python packages at {into}, which is no absolute path", "name a folder of the image: .Pip(\"requirements.txt\", into: \"/srv/env\")");
            if (found.Find(other => into == other.Into || into.StartsWith($"{other.Into}/", StringComparison.Ordinal) || other.Into.StartsWith($"{into}/", StringComparison.Ordinal)) is { } other)
                throw new MayflyException($"component {component.Name} has Python packages at {other.Into} and at {into}", "give each environment a folder of its own");
            if (component.Packages.Count == 0)
                throw new MayflyException($"component {component.Name} has Python packages and no interpreter that runs them", $"add .Install(\"python3\") to {component.Name}");
            found.Add(new EnvironmentRequest(component.Name, Path.GetFullPath(file, component.Stack.Folder), into) { Folder = component.Stack.Folder, Builds = allowBuild.Aggregate(BuildPermission.None, (all, name) => all.And(Permission(component, name))) });
        }

        return found;
    }

    private static BuildPermission Permission(Component component, string text)
    {
        try
        {
            return BuildPermission.Parse(text);
        }
        catch (MayflyException e)
        {
            throw new MayflyException($"component {component.Name} allows the sources of '{text}' to be built: {e.Message}", "name projects: .Pip(…, allowBuild: [\"mysqlclient\"]); \":all:\" stands for all of them", e);
        }
    }

    private static (SortedDictionary<string, string>, List<SecretUse>) Environment(Component component, SortedDictionary<string, SecretSpec> secrets)
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var uses = new List<SecretUse>();
        // Of two databases the first one used is DATABASE_URL; each has a variable of its own name besides.
        foreach (var link in component.Used.Distinct().SelectMany(used => used.Links()))
        {
            if (link.Secret is null)
                environment.TryAdd(link.Variable, link.Value);
            else if (uses.All(use => use.Variable != link.Variable))
                uses.Add(new SecretUse(link.Secret, link.Variable, null, link.Value));
        }

        foreach (var (variable, value) in Searched(component))
            environment[variable] = value;
        uses.AddRange(component.OwnSecrets);
        foreach (var (variable, secret) in component.Secrets)
        {
            var name = $"{component.Name}-{variable.ToLowerInvariant().Replace('_', '-')}";
            secrets[name] = new SecretSpec(name, secret.Source, secret.Source == SecretSource.File ? Path.GetFullPath(secret.Reference, component.Stack.Folder) : secret.Reference);
            uses.RemoveAll(use => use.Variable == variable);
            uses.Add(new SecretUse(name, variable, null));
        }

        foreach (var (variable, value) in component.Environment)
        {
            environment[variable] = value;
            uses.RemoveAll(use => use.Variable == variable);
        }

        return (environment, uses);
    }

    /// <summary>Programs of a component's own environments come before Debian's, as in a shell that has activated them: <c>python3</c> is the one that sees their packages.</summary>
    private static Dictionary<string, string> Searched(Component component) => component.Environments.Count == 0 ? []
        : new() { ["PATH"] = string.Join(':', [.. component.Environments.Select(static one => $"{one.Into}/bin"), InstanceSpec.DefaultPath]) };

    private static ImageRecipe Recipe(Component component)
    {
        var before = new List<ImageFile>();
        var steps = new List<RecipeStep>();
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in component.Steps)
        {
            switch (step)
            {
                case Component.Step.Copy copy:
                    steps.Add(new FileStep([Claim(new ImageFile { Path = copy.Path, Source = Existing(component, copy.Source), Owner = copy.Owner, Mode = copy.Mode, Except = NeverCopied })]));
                    break;
                case Component.Step.Template template:
                    var text = Templates.Render(component, template);
                    LiteralPeers.RequireNone(template.Source, text);
                    steps.Add(new FileStep([Claim(new ImageFile { Path = template.Path, Text = text, Owner = template.Owner, Mode = template.Mode })]));
                    break;
                case Component.Step.File { BeforePackages: true } file:
                    before.Add(Claim(file.Contents));
                    break;
                case Component.Step.File file:
                    if (file.Contents.Text is { } contents)
                        LiteralPeers.RequireNone(file.Contents.Path, contents);
                    steps.Add(new FileStep([Claim(file.Contents)]));
                    break;
                case Component.Step.Run run:
                    steps.Add(run.Command with { Environment = Searched(component) });
                    break;
            }
        }

        return new ImageRecipe
        {
            Name = $"{component.Stack.Name}/{component.Name}",
            PackageSet = component.Packages.Count > 0 ? component.Name : null,
            Environments = [.. component.Environments.Select(static one => new ImageEnvironment(one.Into, one.SystemPackages))],
            Before = before.Count > 0 ? [new FileStep(before)] : [],
            Steps = Joined(steps),
        };

        ImageFile Claim(ImageFile file)
        {
            if (!file.Path.StartsWith('/'))
                throw new MayflyException($"component {component.Name} puts a file at {file.Path}, which is no absolute path", "a path in an image begins with /");
            if (!claimed.Add(file.Path))
                throw new MayflyException($"component {component.Name} puts two things at {file.Path}", "give each file a path of its own");
            return file;
        }
    }

    /// <summary>Files given as text that follow one another are one layer; a folder is one of its own, since it is what gets edited.</summary>
    private static List<RecipeStep> Joined(List<RecipeStep> steps)
    {
        var joined = new List<RecipeStep>();
        foreach (var step in steps)
        {
            if (step is FileStep { Files: [{ Text: not null }] } files && joined is [.., FileStep previous] && previous.Files.All(file => file.Text is not null))
                joined[^1] = new FileStep([.. previous.Files, .. files.Files]);
            else
                joined.Add(step);
        }

        return joined;
    }

    private static string Existing(Component component, string source)
    {
        var path = Path.GetFullPath(source, component.Stack.Folder);
        if (!Path.Exists(path))
            throw new MayflyException($"component {component.Name} copies {source}, which does not exist in {component.Stack.Folder}", "paths are relative to stack.cs");
        LiteralPeers.RequireNoneBelow(path, component.Stack.Folder, NeverCopied);
        return path;
    }

    private static List<PublishedPort> Published(Stack stack)
    {
        var published = new List<PublishedPort>();
        foreach (var component in stack.Components)
        {
            foreach (var (hostPort, address) in component.Published)
            {
                if (hostPort is < 1 or > 65535)
                    throw new MayflyException($"component {component.Name} publishes port {hostPort}, which no host has", "ports are 1 to 65535");
                if (component.Ports is not [var port, ..])
                    throw new MayflyException($"component {component.Name} publishes port {hostPort} but listens on none", $"add .Listens(port) to {component.Name}");
                if (published.Find(other => other.HostPort == hostPort && (other.HostAddress is null || address is null || other.HostAddress == address)) is { } other)
                    throw new MayflyException($"components {other.Component} and {component.Name} both publish port {hostPort}", "give one of them another port");
                published.Add(new PublishedPort(hostPort, component.Name, port.Port, address));
            }
        }

        return published;
    }

    private static void RequireNames(Stack stack)
    {
        if (!HostLabel().IsMatch(stack.Name) || stack.Name.Length > 30)
            throw new MayflyException($"`{stack.Name}` cannot be a stack's name", "use lower-case letters, digits and hyphens, at most 30: the name becomes a DNS zone");
        if (stack.Components.Count == 0)
            throw new MayflyException($"stack {stack.Name} has no components", "add one, such as shop.Nginx(\"www\")");
        foreach (var component in stack.Components)
        {
            if (!HostLabel().IsMatch(component.Name) || component.Name.Length > 40 || component.Name is "base" or "tools" || NumberedName().IsMatch(component.Name))
                throw new MayflyException($"`{component.Name}` cannot be a component's name", "use lower-case letters, digits and hyphens, at most 40, not ending in a hyphen and a number (those are replicas), and neither base nor tools: the name becomes a hostname");
        }

        if (stack.Components.GroupBy(component => component.Name).FirstOrDefault(group => group.Count() > 1) is { } doubled)
            throw new MayflyException($"two components claim the name {doubled.Key}", "a name is a hostname and can be had once in a stack; rename one");
    }

    /// <summary>A label of a hostname by RFC 1123, section 2.1, in lower case.</summary>
    [GeneratedRegex("^[a-z]([a-z0-9-]*[a-z0-9])?$")]
    internal static partial Regex HostLabel();

    [GeneratedRegex("-[0-9]+$")]
    private static partial Regex NumberedName();
}
