using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>A program of a package or a step that failed inside a root. Whoever owns the root's work folder may keep it, and says so.</summary>
/// <param name="message">What failed, with its own output.</param>
/// <param name="hint">What to do about it.</param>
/// <param name="name">The package or step, for the name of what is kept.</param>
/// <param name="call">How it was started.</param>
/// <param name="again">What fails again in the tree as it was left, by the root's own paths.</param>
/// <param name="anew">It only fails again in the tree as it was before the program began.</param>
internal sealed class ScriptFailure(string message, string hint, string name, ProgramCall call, IReadOnlyList<string> again, bool anew = false)
    : MayflyException(IsFull(message) ? $"the disk is full: {message}" : message, IsFull(message) ? $"nothing was changed; {HostRefusal.MakeRoom}" : hint)
{
    /// <summary>Programs say it in the C library's words, since the root's locale is C.</summary>
    private static bool IsFull(string message) => message.Contains("No space left on device", StringComparison.Ordinal) || message.Contains("Disk quota exceeded", StringComparison.Ordinal);

    /// <summary>As it is told when nothing is kept.</summary>
    public MayflyException Told() =>
        new(Message, $"{Hint}; with --keep-failed the half-built tree is kept, and the command shown that fails in it again", this);

    /// <summary>Keeps the work folder, which is nobody's mount any more, and tells where and how it fails there again.</summary>
    public MayflyException Kept(Store store, string work)
    {
        var folder = FailedBuild.Keep(store, work, name, call);
        return new MayflyException($"{Message}\nthe half-built tree is kept; this fails in it again:\n  {folder}/enter {(anew ? "--anew " : "")}{string.Join(' ', again.Select(FailedBuild.Quoted))}",
            $"{Hint}; without a command, enter opens a shell in the tree. `mayfly prune` removes it", this);
    }
}
