namespace Mayfly.Environments;

/// <summary>Why an environment cannot run any more.</summary>
/// <param name="What">To be read behind its name: <c>its interpreter is gone</c>.</param>
/// <param name="Refusal">What is said where an interpreter is needed.</param>
public sealed record InterpreterLoss(string What, MayflyException Refusal);
