using System.CommandLine;
using System.Globalization;
using System.Net;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;
using Mayfly.Terminal;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly depot …</c>: the store's packages of locks as an apt repository.</summary>
internal static class DepotVerb
{
    public static Command Create() => new("depot", "Publish what locks name as an apt repository, serve and verify it")
    {
        MakeKey(), Publish(), Serve(), Verify(), Prune(),
    };

    private static Command MakeKey()
    {
        var file = new Argument<string?>("FILE") { Description = $"Where to write it; {Shown(KeyFile.DefaultPath)} unless named", Arity = ArgumentArity.ZeroOrOne };
        var owner = new Option<string>("--owner") { Description = "Whom people see when they look at the key", HelpName = "NAME", DefaultValueFactory = _ => "Mayfly depot" };
        var command = new Command("key", "Make a key that signs depots; its secret part stays in that file") { file, owner };
        command.SetAction(result =>
        {
            var path = result.GetValue(file) ?? KeyFile.DefaultPath;
            var key = KeyFile.Create(path, result.GetValue(owner)!);
            result.InvocationConfiguration.Output.WriteLine($"made the key {key.Fingerprint} in {path}; keep a copy of it in a safe place");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Publish()
    {
        var stack = new Argument<string>("STACK") { Description = "A stack's folder, or a stack.lock" };
        var to = new Option<string>("--to") { Description = "The depot's folder; made when missing", HelpName = "FOLDER", Required = true };
        var key = Key();
        var address = new Option<string?>("--address") { Description = "Where apt finds it, for depot.sources; the folder itself unless named", HelpName = "URL" };
        var command = new Command("publish", "Add a lock and its packages to a depot") { stack, to, key, address };
        command.SetAction(async (result, cancellationToken) =>
        {
            var (path, name) = LockOf(result.GetValue(stack)!);
            var text = await File.ReadAllBytesAsync(path, cancellationToken);
            var locked = LockFile.Read(path)!;
            var signer = Signer(result.GetValue(key));
            if (await StackPolicy.JudgeAsync(path, cancellationToken) is var refused and not ExitCode.Done)
                return refused;
            var depot = new DepotFolder(result.GetValue(to)!);
            var store = Store.Open();
            using var held = store.LockShared();
            var configuration = DebianConfiguration.Read();
            string[] keys = [.. configuration.Keys, .. configuration.DepotKeys];
            var published = await Screen.ShowAsync(progress => new Publication(depot, store, signer, keys, Sources).RunAsync(name, text, result.GetValue(address), progress, cancellationToken));
            var output = result.InvocationConfiguration.Output;
            output.WriteLine(published.Changed
                ? $"published {name}: {locked.Packages.Count} packages, {Megabytes(locked.Packages.Sum(package => package.Size))}, in {string.Join(", ", published.Suites)}"
                : $"{depot.Root} has {name} already: {locked.Packages.Count} packages");
            if (published.FromPackages > 0)
                output.WriteLine($"note: {published.FromPackages} of them are in no index that the store has read, so Priority and Section are the packages' own");
            output.WriteLine($"signed with {signer.Fingerprint}\nfor apt: copy {depot.Root}/depot.sources to /etc/apt/sources.list.d/\nfor Mayfly: {depot.Root}/depot.asc is the key for [depot] keys");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Serve()
    {
        var folder = Folder();
        var listen = new Option<string>("--listen") { Description = "Address and port; 0.0.0.0:8888 lets other machines in", HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => "127.0.0.1:8888" };
        listen.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && EndPoint(value) is null)
                result.AddError($"{value} is no address and port, such as 127.0.0.1:8888");
        });
        var command = new Command("serve", "Serve a depot by HTTP until it is told to end") { folder, listen };
        command.SetAction(async (result, cancellationToken) =>
        {
            var depot = Existing(result.GetValue(folder)!);
            var output = result.InvocationConfiguration.Output;
            await using var server = await DepotServer.StartAsync(depot.Root, EndPoint(result.GetValue(listen)!)!, output, cancellationToken);
            output.WriteLine($"serving {depot.Root} at {server.Address}");
            output.Flush();
            await server.WaitAsync(cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Verify()
    {
        var depot = new Argument<string>("DEPOT") { Description = "Its folder or its address" };
        var key = new Option<string[]>("--key") { Description = "A file with the key that must have signed it; else those of [depot] keys, else the one in the depot itself", HelpName = "FILE", AllowMultipleArgumentsPerToken = false };
        var command = new Command("verify", "Check every signature, index and package of a depot") { depot, key };
        command.SetAction(async (result, cancellationToken) =>
        {
            var named = result.GetValue(depot)!;
            var root = named.Contains("://", StringComparison.Ordinal) ? Address(named) : new Uri($"file://{Existing(named).Root}/");
            IReadOnlyList<string> keys = result.GetValue(key) is { Length: > 0 } given ? given : DebianConfiguration.Read().DepotKeys;
            var found = await Screen.ShowAsync(progress => DepotCheck.RunAsync(root, keys, progress, cancellationToken));
            var output = result.InvocationConfiguration.Output;
            foreach (var (path, why) in found.Faults)
                output.WriteLine($"{path}: {why}");
            if (found.Faults.Count > 0)
                throw new MayflyException($"{named} is not whole: {found.Faults.Count} of its files are missing or not to be trusted", "publish its locks again: mayfly depot publish puts every damaged package right");
            output.WriteLine($"{named} is whole: {Counted.Of(found.Locks, "lock")}, {Counted.Of(found.Packages, "package")}, {Megabytes(found.Bytes)}{(keys.Count > 0 ? "" : "; by the key that lies in it, so who changed both is not found out (--key)")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Prune()
    {
        var folder = Folder();
        var key = Key();
        var keep = new Option<int>("--keep") { Description = "How many locks of each stack stay, the newest ones", HelpName = "NUMBER", DefaultValueFactory = _ => 1 };
        keep.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number > 0))
                result.AddError($"{value} is no number from 1 on");
        });
        var command = new Command("prune", "Remove former locks from a depot, and packages that none of its locks names") { folder, keep, key };
        command.SetAction(async (result, cancellationToken) =>
        {
            var depot = Existing(result.GetValue(folder)!);
            var signer = Signer(result.GetValue(key));
            var pruned = await Screen.ShowAsync(progress => new DepotPruning(depot, signer).RunAsync(result.GetValue(keep), progress, cancellationToken));
            result.InvocationConfiguration.Output.WriteLine($"removed {Counted.Of(pruned.Locks, "lock")} and {Counted.Of(pruned.Files, "package")}, {Megabytes(pruned.Bytes)}, from {depot.Root}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Folder() => new("FOLDER") { Description = "The depot's folder" };

    private static Option<string?> Key() => new("--key") { Description = $"A file with the secret key, or the fingerprint of one of gpg's; {Shown(KeyFile.DefaultPath)} unless named", HelpName = "KEY" };

    private static IDepotSigner Signer(string? key) => key is not null && !File.Exists(key) && GpgKey.IsFingerprint(key) ? GpgKey.Find(key) : KeyFile.Read(key ?? KeyFile.DefaultPath);

    /// <summary>The same in every help text, whoever reads it.</summary>
    private static string Shown(string path) => path.StartsWith(Home, StringComparison.Ordinal) ? "~" + path[Home.Length..] : path;

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static (string Path, string Name) LockOf(string stack)
    {
        var path = NamedLock.PathOf(stack);
        return File.Exists(path) ? (path, DepotLock.NameOf(Path.GetDirectoryName(Path.GetFullPath(path))!)) : throw NamedLock.Missing(stack);
    }

    private static DepotFolder Existing(string folder) => new DepotFolder(folder) is { IsDepot: true } depot ? depot
        : throw new MayflyException($"{folder} is no depot", "mayfly depot publish makes one");

    private static DebianSources Sources(StackLock locked) =>
        DebianSources.Discover(locked.Releases.FirstOrDefault(release => release.Id == release.Codename)?.Codename ?? locked.Releases[0].Codename, locked.Architecture);

    private static Uri Address(string text) => Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "file" ? uri
        : throw new MayflyException($"{text} is no address of a depot", "give its folder, or its http://, https:// or file:// address");

    private static IPEndPoint? EndPoint(string text) =>
        IPEndPoint.TryParse(text.Replace("localhost:", "127.0.0.1:", StringComparison.Ordinal), out var point) && text.Contains(':') && text[^1] != ']' ? point : null;

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000.0:0.0} MB");
}
