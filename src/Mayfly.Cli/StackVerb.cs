namespace Mayfly.Cli;

/// <summary>
/// A verb that the stack's own script carries out: the tool finds the script and hands everything on, so that
/// <c>mayfly VERB FOLDER …</c> and <c>dotnet FOLDER/stack.cs VERB …</c> are the same.
/// </summary>
/// <param name="Name">What is typed.</param>
/// <param name="Arguments">What may follow, as usage lines write it.</param>
/// <param name="Summary">One line, without a full stop.</param>
internal sealed record StackVerb(string Name, string Arguments, string Summary)
{
    /// <summary>In the order in which a newcomer meets them; <c>--help</c> lists them so.</summary>
    public static IReadOnlyList<StackVerb> All { get; } =
    [
        new("up", "[--json] [--offline]", "Build what changed, rehearse it, pass the stack's tests and go live"),
        new("plan", "[--json] [--offline]", "Show exactly what up would do, and do nothing"),
        new("status", "[--json]", "Show what runs, where, how healthy, and what drifted from its image"),
        new("logs", "[-f] [COMPONENT]", "Print what components wrote, and follow it with -f"),
        new("exec", "COMPONENT -- COMMAND", "Run one command in a running component"),
        new("shell", "COMPONENT", "Open a shell in a running component"),
        new("test", "", "Run the stack's tests on a rehearsal, or on what is live with --live"),
        new("task", "[NAME]", "Run a task of the stack; list them without a name"),
        new("graph", "[--format svg] [-o FILE]", "Draw the stack's components, placement and uses"),
        new("lock", "[--offline]", "Choose every package exactly and write stack.lock"),
        new("update", "[PACKAGE…] [--yes]", "Show which locked packages have newer versions, and take them when you accept"),
        new("list", "[COMPONENT] [--json]", "List the locked packages: version, archive, size, and who has them"),
        new("why", "PACKAGE [--json]", "Show which chain of dependencies brings a package in"),
        new("licenses", "[PACKAGE] [--component NAME] [--json]", "List the licences of the locked packages, and what could not be read"),
        new("sbom", "[--format cyclonedx|spdx] [-o FILE]", "Write the bill of materials of the stack's images"),
        new("down", "[--volumes]", "End the stack and leave nothing of it running; volumes stay unless asked"),
    ];

    public static StackVerb? Find(string name) => All.FirstOrDefault(verb => verb.Name == name);
}
