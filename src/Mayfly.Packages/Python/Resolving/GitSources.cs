using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>
/// Sources from repositories of git, by git itself with the user's own configuration: who may read what, its helpers know. The whole history comes along, since projects take their version from tags.
/// </summary>
/// <remarks>
/// What it keeps: of each commit that was asked for an archive among the store's artifacts, and which one that is in <c>indexes/git-…</c>, below a hash of address and commit. How it changes: never, since a
/// commit is what it is; what a branch leads to is asked each time. That archive is this host's own: what git packs is not the same everywhere, and nobody else is told its digest. One for a lock
/// (<see cref="ExportAsync"/>) has the files alone, and is the same on every host.
/// </remarks>
internal sealed class GitSources(Store store, IProgress<Activity>? progress, CancellationToken cancellationToken)
{
    /// <summary>Nothing that runs a program of its own (<c>ext::</c>), and nobody is asked for a password while a progress line is shown.</summary>
    private static readonly (string Name, string? Value)[] Variables =
    [
        ("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", ""), ("SSH_ASKPASS_REQUIRE", "never"), ("LC_ALL", "C.UTF-8"),
        // Where a hook of git runs this, these would lead every command into its repository (git rev-parse --local-env-vars, but for what is configuration).
        ("GIT_DIR", null), ("GIT_WORK_TREE", null), ("GIT_IMPLICIT_WORK_TREE", null), ("GIT_COMMON_DIR", null), ("GIT_INDEX_FILE", null), ("GIT_OBJECT_DIRECTORY", null), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", null),
        ("GIT_SHALLOW_FILE", null), ("GIT_GRAFT_FILE", null), ("GIT_NAMESPACE", null), ("GIT_PREFIX", null), ("GIT_QUARANTINE_PATH", null),
    ];

    /// <summary>What a user may have set for what is checked out, as every host shall have it.</summary>
    private static readonly string[] Canonical = ["-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.symlinks=true", "-c", "core.attributesFile=/dev/null"];

    private string[] _settings = [];

    /// <summary>It asks on the terminal for what it does not know, and waits without end for a server that says nothing.</summary>
    private const string Ssh = "ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=15 -oServerAliveCountMax=4";

    /// <summary>Whatever a link leads to is none of this.</summary>
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };

    /// <summary>Of what a server lists.</summary>
    private const int LargestAnswer = 64 << 20;

    /// <summary>Has the sources in the store.</summary>
    /// <param name="reference">What is asked for; its commit, where a lock says that.</param>
    /// <returns>The commit, and the SHA-256 of the archive.</returns>
    /// <exception cref="MayflyException">There is no git, no such repository, or no such revision.</exception>
    public async Task<(string Commit, string Sha256)> BringAsync(DirectReference reference)
    {
        var known = await KnownAsync(reference).ConfigureAwait(false);
        if (known is not null && Kept(reference, known) is { } kept)
            return (known, kept);
        using var work = store.BeginWork("git");
        var (tree, commit) = await CloneAsync(reference, known, work).ConfigureAwait(false);
        // Addresses may have passwords in them.
        foreach (var trace in Directory.EnumerateFiles($"{tree}/.git", "FETCH_HEAD", Below).Concat(Directory.EnumerateFiles($"{tree}/.git", "config", Below)).ToArray())
            Forget(trace);
        foreach (var logs in Directory.EnumerateDirectories($"{tree}/.git", "logs", Below).Where(static folder => File.Exists($"{folder}/HEAD")).ToArray())
            Directory.Delete(logs, recursive: true);
        var sha256 = Pack(reference, tree, PackedPart.Clone, Path.GetFileNameWithoutExtension(reference.FileName), work);
        WholeFile.Write(RecordOf(reference, commit), file => file.Write(Encoding.UTF8.GetBytes(sha256)));
        return (commit, sha256);
    }

    /// <summary>Has the files of a commit in the store, in an archive that is the same on every host: without the repository, which no two hosts have the same of.</summary>
    /// <remarks>
    /// What a project that takes its version from tags would have asked the repository for is in the file <c>.git_archival.txt</c>, in the form that <c>git archive</c> gives it by the attribute <c>export-subst</c>
    /// (setuptools-scm, "Builtin mechanisms for obtaining version numbers": <c>describe-name</c>, since version 7; hatch-vcs reads the same).
    /// </remarks>
    /// <param name="reference">What is asked for; its commit, where a lock says that.</param>
    /// <param name="tag">With the commit: what the lock has of the tags before it, for those may be others by now.</param>
    /// <param name="name">Of the one folder in the archive.</param>
    /// <exception cref="MayflyException">There is no git, no such repository, or no such revision.</exception>
    public async Task<RepositoryFiles> ExportAsync(DirectReference reference, string? tag, string name)
    {
        _settings = Canonical;
        var known = await KnownAsync(reference).ConfigureAwait(false);
        using var work = store.BeginWork("git");
        var (tree, commit) = await CloneAsync(reference, known, work).ConfigureAwait(false);
        if (reference.Commit is null)
            tag = await StartAsync(tree, ["describe", "--tags", "--long", "--abbrev=12", "--match", "*[0-9]*"], isOwn: false).ConfigureAwait(false) is { Code: 0, Said: var said } ? said.Trim() : null;
        // Not by git's own formats of dates, which its versions write in two ways, nor by a command that follows the user's wishes for logs.
        var seconds = long.Parse((await RunAsync(reference, tree, "rev-list", "--max-count=1", "--timestamp", commit).ConfigureAwait(false)).Split(' ')[0], CultureInfo.InvariantCulture);
        var date = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253402300799)):yyyy-MM-ddTHH:mm:ss}+00:00");
        var archival = $"{tree}/.git_archival.txt";
        // One that is there wants to be filled in; and what is not a file would lead elsewhere.
        Trees.Remove(archival);
        File.WriteAllText(archival, $"node: {commit}\nnode-date: {date}\n{(tag is null ? "" : $"describe-name: {tag}\n")}");
        return new RepositoryFiles(commit, tag, Pack(reference, tree, PackedPart.Commit, name, work));
    }

    /// <summary>The commit, where it is known before there is a clone.</summary>
    private async Task<string?> KnownAsync(DirectReference reference) => reference.Commit ?? (IsCommit(reference.Revision) ? reference.Revision!.ToLowerInvariant() : IsOffline(reference) ? null : await AskAsync(reference).ConfigureAwait(false));

    private static bool IsOffline(DirectReference reference) => NoNetwork.IsAsked && !reference.Address.IsFile;

    private static bool IsCommit(string? revision) => revision is { Length: 40 or 64 } && revision.All(char.IsAsciiHexDigit);

    private string RecordOf(DirectReference reference, string commit) =>
        store.PathOf(StoreArea.Indexes, $"git-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Login.Without(reference.Address).AbsoluteUri}\n{commit}")))}");

    private string? Kept(DirectReference reference, string commit) =>
        RecordOf(reference, commit) is var path && File.Exists(path) && File.ReadAllText(path) is var sha256 && store.Has(StoreArea.Artifacts, sha256) ? sha256 : null;

    /// <summary>The commit that a branch, a tag or nothing leads to; null for what only the history can tell, such as the first letters of a commit.</summary>
    private async Task<string?> AskAsync(DirectReference reference)
    {
        var lines = (await RunAsync(reference, "/", "ls-remote", "--", reference.Url).ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split('\t', 2)).Where(static words => words.Length == 2).ToArray();
        string[] names = reference.Revision is { } revision ? [$"refs/heads/{revision}", $"refs/tags/{revision}^{{}}", $"refs/tags/{revision}", revision] : ["HEAD"];
        return names.Select(name => Array.Find(lines, words => words[1] == name)?[0]).FirstOrDefault(static found => found is not null)
            ?? (reference.Revision is null ? throw new MayflyException($"{reference.Name} has no commit yet", "name a branch that has one: …@BRANCH") : null);
    }

    private async Task<(string Tree, string Commit)> CloneAsync(DirectReference reference, string? commit, WorkFolder work)
    {
        if (IsOffline(reference))
            throw new MayflyException($"{reference.Name} is not in the store, and without a network it cannot be had", "run the command once with a network, and name a commit: it stays in the store");
        // Nobody else may read it, in the archive and while there is none yet.
        Files.ChangeMode(work.Path, 0b111_000_000);
        var tree = Directory.CreateDirectory($"{work.Path}/tree").FullName;
        progress?.Report(new Activity($"clone {reference.Name}"));
        await RunAsync(reference, tree, "init", "--quiet", "--template=").ConfigureAwait(false);
        // Addresses of submodules may be meant from its own.
        await RunAsync(reference, tree, "remote", "add", "origin", reference.Url).ConfigureAwait(false);
        // A server that is asked for a commit by its name may refuse what is on no branch; and what is asked for besides must not fail for that.
        await RunAsync(reference, tree, "fetch", "--quiet", "--no-recurse-submodules", "--", reference.Url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*").ConfigureAwait(false);
        if (commit is not null && !await HasAsync(tree, commit).ConfigureAwait(false))
            await RunAsync(reference, tree, "fetch", "--quiet", "--no-recurse-submodules", "--", reference.Url, commit).ConfigureAwait(false);
        if (commit is null && !await HasAsync(tree, reference.Revision!).ConfigureAwait(false))
            throw new MayflyException($"{Login.Shown(reference.Url)} has no revision {reference.Revision}", "name a branch, a tag or a commit that it has");
        // What is called by its digest may be a tag that leads to one.
        commit = (await RunAsync(reference, tree, "rev-parse", "--verify", "--end-of-options", $"{commit ?? reference.Revision}^{{commit}}").ConfigureAwait(false)).Trim();
        await RunAsync(reference, tree, "checkout", "--quiet", "--detach", commit).ConfigureAwait(false);
        await RunAsync(reference, tree, "submodule", "--quiet", "update", "--init", "--recursive").ConfigureAwait(false);
        progress?.Report(new Activity($"clone {reference.Name}", commit[..12]) { Ended = true });
        return (tree, commit);
    }

    private string Pack(DirectReference reference, string tree, PackedPart part, string name, WorkFolder work)
    {
        var archive = $"{work.Path}/archive";
        try
        {
            var sha256 = PrivateFile.Write(archive, to => FolderArchive.Write(tree, name, to, part));
            store.Commit(archive, StoreArea.Artifacts, sha256);
            return sha256;
        }
        catch (IOException e)
        {
            throw store.Refusal(reference.Name, e);
        }
    }

    private static void Forget(string trace)
    {
        if (Path.GetFileName(trace) == "FETCH_HEAD")
            File.Delete(trace);
        else
            File.WriteAllLines(trace, File.ReadAllLines(trace).Where(static line => !line.TrimStart().StartsWith("url ", StringComparison.Ordinal) && !line.TrimStart().StartsWith("url=", StringComparison.Ordinal)));
    }

    private async Task<bool> HasAsync(string tree, string revision) => (await StartAsync(tree, ["rev-parse", "--quiet", "--verify", "--end-of-options", $"{revision}^{{commit}}"], isOwn: false).ConfigureAwait(false)).Code == 0;

    private async Task<string> RunAsync(DirectReference reference, string folder, params string[] arguments)
    {
        var (code, said, told) = await StartAsync(folder, arguments, reference.Address.IsFile).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (code == 0)
            return said;
        var lines = told.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var why = Array.Find(lines, static line => line.StartsWith("fatal: ", StringComparison.Ordinal) || line.StartsWith("error: ", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"git {arguments[0]} ended with exit code {code}";
        throw new MayflyException($"{reference.Name} cannot be had: git says {Login.Shown(why[(why.IndexOf(": ", StringComparison.Ordinal) is > 0 and < 6 and var colon ? colon + 2 : 0)..])}",
            $"look how it is spelled, and whether `git ls-remote {Login.Shown(reference.Url)}` works: here git asks nobody for a password, so a key or a credential helper must know it");
    }

    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="isOwn">True for a repository of this host: one of elsewhere shall have no submodule here.</param>
    private async Task<(int Code, string Said, string Told)> StartAsync(string folder, string[] arguments, bool isOwn)
    {
        var start = new ProcessStartInfo("git", ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60", .. _settings, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        start.Environment["GIT_ALLOW_PROTOCOL"] = isOwn ? "file:http:https:ssh" : "http:https:ssh";
        if (!start.Environment.ContainsKey("GIT_SSH_COMMAND") && !start.Environment.ContainsKey("GIT_SSH"))
            start.Environment["GIT_SSH_COMMAND"] = Ssh;
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new MayflyException("sources from a repository of git need git, which cannot be started", "sudo apt-get install git", e);
        }

        using (process)
        {
            process.StandardInput.Close();
            try
            {
                var (said, told) = (ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
                await Task.WhenAll(said, told).ConfigureAwait(false);
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
                return (process.ExitCode, await said.ConfigureAwait(false), await told.ConfigureAwait(false));
            }
            catch (Exception e) when (e is OperationCanceledException or MayflyException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task<string> ReadAsync(StreamReader from)
    {
        var (text, buffer) = (new StringBuilder(), new char[1 << 14]);
        for (int read; (read = await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (text.Append(buffer, 0, read).Length > LargestAnswer)
                throw new MayflyException($"git says more than {LargestAnswer >> 20} million characters, as no repository makes it", "look where the address leads");
        }

        return text.ToString();
    }
}

/// <summary>The files of a commit, without the repository, as every host has them.</summary>
/// <param name="Commit">Which one.</param>
/// <param name="Tag">The tag before it, as <c>git describe --long</c> says it; null where there is none.</param>
/// <param name="Sha256">Of their archive.</param>
public sealed record RepositoryFiles(string Commit, string? Tag, string Sha256);
